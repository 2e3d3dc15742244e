/** Page tables and PMP entries of a case, and addresses related to them. */

import type { Chance } from '../testing/random-words.ts';
import { ARENA, CODE, DATA, LAST, MIDDLE, ROOT, SUPERVISOR_HANDLER } from './layout.ts';

export const PTE = { V: 1n, R: 2n, W: 4n, X: 8n, U: 16n, G: 32n, A: 64n, D: 128n } as const;
const RWX = PTE.V | PTE.R | PTE.W | PTE.X;
const pte = (address: number, bits: bigint): bigint => ((BigInt(address) >> 12n) << 10n) | bits;

/** The last gigabyte of the address space is RAM, for supervisor mode alone: its handler is there. */
const HIGH = 2n ** 64n - 2n ** 30n - 0x8000_0000n;
const GIGABYTE = 0x8000_0000;
/** What the tables of the last level map beside the arena itself: random pages, from this one on. */
const RANDOM_FROM = 8;
const RANDOM_PAGES = 12;

export interface MemoryPlan {
  memory: Record<string, bigint>;
  state: Record<string, bigint>;
  translated: boolean;
  /** Addresses of data, of PTEs, and of the program, as the case's first mode sees them. */
  data: () => bigint;
  tables: () => bigint;
  code: bigint;
}

/** A and D as a guest may have left them. */
const marks = (chance: Chance): bigint =>
  chance.pick([0n, PTE.A, PTE.A, PTE.D, PTE.A | PTE.D, PTE.A | PTE.D]);

/** The bits of a random leaf. */
function leafBits(chance: Chance, user: boolean): bigint {
  const permissions = chance.pick([
    RWX,
    RWX,
    RWX,
    PTE.V | PTE.R | PTE.W,
    PTE.V | PTE.R,
    PTE.V | PTE.X,
    PTE.V | PTE.R | PTE.X,
  ]);
  let bits = permissions | marks(chance) | (chance.chance(user ? 0.9 : 0.15) ? PTE.U : 0n);
  if (chance.chance(0.1)) bits ^= chance.pick([PTE.V, PTE.R, PTE.W, PTE.X, PTE.U, PTE.G]);
  if (chance.chance(0.05)) bits |= BigInt(chance.below(4)) << 8n;
  if (chance.chance(0.03)) bits |= 1n << BigInt(54 + chance.below(10));
  return bits;
}

/** Any entry: a leaf, a pointer to a table, or random bits. */
export function randomPte(chance: Chance, user: boolean): bigint {
  switch (chance.below(8)) {
    case 0:
      return pte(
        chance.pick([ROOT, MIDDLE, LAST]),
        PTE.V | (chance.chance(0.1) ? 1n << BigInt(4 + chance.below(6)) : 0n),
      );
    case 1:
      return pte(ARENA, leafBits(chance, user));
    case 2:
      return pte(GIGABYTE, leafBits(chance, user));
    case 3:
      if (chance.chance(0.3))
        return pte(chance.pick([0, 0x20_0000, 0x8200_0000, 0x8800_0000]), leafBits(chance, user));
      return pte(chance.pick([DATA, DATA + 4096]), leafBits(chance, user));
    case 4:
      return chance.chance(0.5) ? 0n : (chance.word64() & ~0xfffn & (2n ** 36n - 1n)) | PTE.V | PTE.A | PTE.D;
    default:
      return pte(ARENA + 4096 * chance.below(8), leafBits(chance, user));
  }
}

/** Returns at which level the arena's pages end: 0 for pages of 4 KiB, with random ones beside them. */
function putTables(chance: Chance, user: boolean, memory: Record<string, bigint>): number {
  const own = () => (user ? RWX | PTE.U : RWX) | marks(chance);
  const set = (table: number, index: number, entry: bigint) => {
    memory[String(table + 8 * index)] = entry;
  };
  set(ROOT, 511, pte(GIGABYTE, RWX | marks(chance) | (chance.chance(0.1) ? PTE.G : 0n)));
  const level = chance.below(3);
  if (level === 2) set(ROOT, 2, pte(GIGABYTE, own()));
  else set(ROOT, 2, pte(MIDDLE, PTE.V));
  if (level === 1) set(MIDDLE, 1, pte(ARENA, own()));
  else set(MIDDLE, 1, pte(LAST, PTE.V));
  for (let page = 0; page < 8; page++) {
    const safe = page < 2 || page > 4 || chance.chance(0.6);
    set(LAST, page, pte(ARENA + 4096 * page, safe ? own() : leafBits(chance, user)));
  }
  for (let page = 0; page < RANDOM_PAGES; page++)
    if (chance.chance(0.7)) set(LAST, RANDOM_FROM + page, randomPte(chance, user));
  set(ROOT, 0, chance.chance(0.7) ? pte(MIDDLE, PTE.V) : randomPte(chance, user));
  set(MIDDLE, 0, randomPte(chance, user));
  set(MIDDLE, 2, chance.chance(0.5) ? pte(LAST, PTE.V) : randomPte(chance, user));
  if (chance.chance(0.3)) set(ROOT, 1, chance.chance(0.5) ? pte(ROOT, PTE.V) : randomPte(chance, user));
  return level;
}

/** Near the start, the middle or the end of a page, or anywhere in two. */
function offset(chance: Chance): number {
  switch (chance.below(4)) {
    case 0:
      return 8 * chance.below(16);
    case 1:
      return 4096 - 16 + chance.below(32);
    case 2:
      return chance.below(8192);
    default:
      return 8 * chance.below(1024);
  }
}

function dataAddress(chance: Chance, translated: boolean, level: number): bigint {
  const within = BigInt(offset(chance));
  if (!translated || chance.chance(0.4)) return BigInt(DATA) + within;
  const page = BigInt(level === 0 ? ARENA + 4096 * (RANDOM_FROM + chance.below(RANDOM_PAGES)) : DATA);
  switch (chance.below(8)) {
    case 0:
      return BigInt.asUintN(64, HIGH + BigInt(DATA) + within);
    case 1:
      // The same tables from elsewhere: low addresses, and what is beside.
      return (page & 0x3fff_ffffn) + within + BigInt(chance.pick([0, 0x20_0000, -0x20_0000]));
    case 2:
      return 0x4000_0000n + within + BigInt(chance.below(8)) * 4096n;
    case 3:
      // Not canonical, or nearly so.
      return BigInt.asUintN(
        64,
        chance.pick([1n << 38n, 1n << 39n, -(1n << 38n), -(1n << 40n), 1n << 63n]) + page + within,
      );
    default:
      return page + within;
  }
}

/** `pmpaddr` for a naturally aligned power of two. */
const napot = (from: number, sizeBytes: number): bigint =>
  (BigInt(from) >> 2n) | (BigInt(sizeBytes) / 8n - 1n);

/** Settings and addresses of PMP entries that say something about the arena. The last entry opens all the rest. */
function putPmp(chance: Chance, state: Record<string, bigint>): void {
  state.pmpaddr15 = 2n ** 54n - 1n;
  const settings = Array.from({ length: 16 }, () => 0n);
  settings[15] = 0x1fn;
  if (chance.chance(0.3))
    for (let count = 1 + chance.below(3); count > 0; count--) {
      const [index, address, setting] = randomPmp(chance);
      state[`pmpaddr${index}`] = address;
      settings[index] = setting;
      if (chance.chance(0.3)) state[`pmpaddr${index - 1}`] ??= BigInt(ARENA + 4096 * chance.below(8)) >> 2n;
    }
  const packed = (from: number) =>
    settings.slice(from, from + 8).reduce((all, one, at) => all | (one << BigInt(8 * at)), 0n);
  state.pmpcfg0 = packed(0);
  state.pmpcfg2 = packed(8);
}

/**
 * An entry's number, address and setting. QEMU is wrong about fetching from a page that an entry covers only in part,
 * so only pages of data are covered in part.
 */
export function randomPmp(chance: Chance): [number, bigint, bigint] {
  const index = 1 + chance.below(14);
  const permission = chance.pick([0n, 1n, 3n, 4n, 5n, 7n]);
  const page = chance.pick([
    DATA,
    DATA,
    DATA + 4096,
    DATA + 4096,
    ROOT,
    MIDDLE,
    LAST,
    SUPERVISOR_HANDLER,
    CODE,
  ]);
  switch (chance.below(4)) {
    case 0:
      return [index, napot(page, 4096), 0x18n | permission];
    case 1:
      return [index, BigInt(page + 4096) >> 2n, 0x08n | permission];
    case 2:
      return [index, napot(DATA + 8 * chance.below(1024), 8), 0x18n | permission];
    default:
      return [index, BigInt(DATA + 4 * chance.below(2048)) >> 2n, 0x10n | permission];
  }
}

/** In the first page for programs, or so near its end that the program goes on in the second. */
const programStart = (chance: Chance): number =>
  CODE + (chance.chance(0.7) ? 0x80 : 4096 - 8 * (1 + chance.below(12)));

/** @param privilege of the case's first mode */
export function planMemory(chance: Chance, privilege: number): MemoryPlan {
  const translated = chance.chance(privilege === 3 ? 0.5 : 0.8);
  const user = privilege === 0 || (privilege === 3 && chance.chance(0.5));
  const memory: Record<string, bigint> = {};
  const state: Record<string, bigint> = {};
  putPmp(chance, state);
  const handler = BigInt(SUPERVISOR_HANDLER);
  state.stvec = translated ? BigInt.asUintN(64, HIGH + handler) : handler;
  let level = 0;
  if (translated) {
    level = putTables(chance, user, memory);
    state.satp = (8n << 60n) | BigInt(ROOT >>> 12);
  }
  return {
    memory,
    state,
    translated,
    data: () => dataAddress(chance, translated, level),
    tables: () =>
      BigInt(
        chance.pick([ROOT + 8 * chance.below(3), MIDDLE + 8 * chance.below(3), LAST + 8 * chance.below(20)]),
      ),
    code: BigInt(programStart(chance)),
  };
}
