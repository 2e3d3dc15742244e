/** A case: the initial state of one machine, determined by a seed. */

import { encode } from '../../src/base/codec.ts';
import { MSTATUS, PMP, PMP_ENTRIES, PRIVILEGE } from '../../src/cpu/csrs.ts';
import { type HartState, PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import type { QueueState } from '../../src/devices/virtio/queue.ts';
import {
  STATUS,
  VIRTIO_F_EVENT_IDX,
  VIRTIO_F_INDIRECT_DESC,
  VIRTIO_F_VERSION_1,
} from '../../src/devices/virtio/registers.ts';
import { VirtioMmio, type VirtioState } from '../../src/devices/virtio/transport.ts';
import { memoryMap } from '../../src/vmm/memory-map.ts';
import { Chance } from '../testing/random-words.ts';
import { handler, POINTER, program } from './code.ts';
import { legalBits } from './legal.ts';
import { kinds, type Pair } from './machines.ts';
import {
  address,
  DESCRIPTORS,
  deviceAddress,
  EIDS,
  lengthFlagsNext,
  PLACE,
  PLACED_PAGES,
  POOL_WORDS,
  pageTableEntry,
  putQueue,
  putTables,
  type QueueUse,
  RING,
  RING_SLOTS,
  ringsOf,
} from './memory.ts';

export interface Case {
  /** Its seed and number. */
  name: string;
  /** Which of {@link kinds}. */
  kind: number;
  /** The state without RAM, encoded: it is decoded for each machine that starts with it. */
  state: Uint8Array;
  /** RAM from its start on. */
  memory: Uint8Array;
  /** The number of steps to run. */
  steps: number;
  /** Whether the memory accesses of each step are compared with the model. */
  stepByStep: boolean;
  /** Whether memory is added while it runs. */
  grows: boolean;
}

const MAX_STEPS = 1200;
const STEP_BY_STEP = 1 / 24;

/** Consecutive cases with the same tables, rings and values: drawing them takes longer than running a case. */
const CASES_PER_MEMORY = 8;

/** Memory is added in one of so many cases; such a case needs new machines. */
const CASES_PER_GROWTH = 250;

/** One buffer for all cases: each is run before the next is made. */
const memory = new Uint8Array(PLACED_PAGES * PAGE_BYTES);
const view = new DataView(memory.buffer);
const words = new Uint32Array(memory.buffer);

/** The drawn memory without the program, and the cases that it is for. */
const drawn = { by: '', kind: 0, user: false, memory: new Uint8Array(memory.length) };

export function makeCase(seed: string, index: number, pairOf: (kind: number) => Pair): Case {
  drawMemory(`${seed}/memory ${Math.floor(index / CASES_PER_MEMORY)}`);
  memory.set(drawn.memory);
  const chance = new Chance(`${seed}/${index}`);
  const pair = pairOf(drawn.kind);
  const { memorySizeBytes, sbi } = pair.description;
  const privilege = drawPrivilege(chance, sbi, drawn.user);
  const stepByStep = chance.chance(STEP_BY_STEP);
  noise(chance, PLACE.noise, chance.below(PAGE_BYTES));
  put(PLACE.code, program(chance, 100 + chance.below(400)));
  put(PLACE.handler, handler(chance, 'm'));
  put(PLACE.supervisorHandler, handler(chance, 's'));
  const state = pair.powerOn();
  const slot = chance.below(RING_SLOTS);
  Object.assign(state.hart, drawHart(chance, privilege, memorySizeBytes, slot));
  for (const [at, device] of pair.devices.virtio.slice(0, RING_SLOTS).entries())
    if (device instanceof VirtioMmio) {
      const own = state.devices[`${device.name}.${at}`] as VirtioState;
      if (chance.chance(0.75)) bringUp(own, chance, device, at, memorySizeBytes);
    }
  const steps = 100 + chance.below(stepByStep ? 200 : MAX_STEPS);
  return {
    name: `${seed}/${index}`,
    kind: drawn.kind,
    state: encode(pair.machines[0].schema, state),
    memory,
    steps,
    stepByStep,
    grows: index % CASES_PER_GROWTH === CASES_PER_GROWTH - 1,
  };
}

/** Tables, rings and values, for a machine of some kind and a mode. */
function drawMemory(by: string): void {
  if (drawn.by === by) return;
  const chance = new Chance(by);
  const kind = chance.below(kinds.length);
  const user = chance.chance(0.3);
  const ramBytes = kinds[kind]!.memorySizeBytes;
  words.fill(0);
  noise(chance, PLACE.data, 64 * chance.below(32));
  putTables(view, chance, user, ramBytes);
  for (let slot = 0; slot < RING_SLOTS; slot++)
    for (const queue of [0, 1])
      putQueue(view, chance, ringsOf(slot) + RING.queueBytes * queue, useOf(slot, queue), ramBytes);
  for (let index = 0; index < POOL_WORDS; index++)
    view.setBigUint64(PLACE.pool - RAM_BASE + 8 * index, poolWord(chance, index, user, ramBytes), true);
  drawn.memory.set(memory);
  Object.assign(drawn, { by, kind, user });
}

/** Usually the mode that the tables are for. */
const drawPrivilege = (chance: Chance, sbi: boolean, user: boolean): number => {
  if (chance.chance(user ? 0.8 : 0.05)) return PRIVILEGE.U;
  return sbi || chance.chance(0.4) ? PRIVILEGE.S : PRIVILEGE.M;
};

/** Network card, entropy, disk and console, in this order. */
const useOf = (slot: number, queue: number): QueueUse => {
  if (slot === 2) return 'request';
  return slot !== 1 && queue === 1 ? 'send' : 'receive';
};

function put(at: number, parcels: readonly number[]): void {
  for (const [index, parcel] of parcels.entries()) view.setUint16(at - RAM_BASE + 2 * index, parcel, true);
}

/** Random bytes, from a faster generator than {@link Chance}. */
function noise(chance: Chance, at: number, sizeBytes: number): void {
  let state = 1 + chance.below(2 ** 32 - 1);
  const first = (at - RAM_BASE) / 4;
  for (let index = first; index < first + (sizeBytes >> 2); index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
}

const legalPmp = (setting: number): number =>
  (setting & (PMP.R | PMP.W)) === PMP.W ? setting & ~PMP.W : setting & 0x9f;

/** A value for instructions to load. */
function poolWord(chance: Chance, index: number, user: boolean, ramBytes: number): bigint {
  if (index < EIDS.length) return BigInt(EIDS[index]!);
  switch (index & 15) {
    case 0:
      return chance.pick([0n, 8n << 60n, 8n << 60n, 9n << 60n, 0xffffn << 44n]) | BigInt(PLACE.root >>> 12);
    case 1:
      return chance.word64() & 0x80_0000_007f_f9bbn;
    case 2:
    case 3:
      return BigInt.asUintN(64, pageTableEntry(chance, user ? 16n : 0n, ramBytes));
    case 4:
    case 5:
      return lengthFlagsNext(chance);
    case 6:
      return pmpAddress(chance);
    case 7:
      return chance.word64() & 0x9f9f_9f9f_9f9f_9f9fn;
    case 8:
      return BigInt(deviceAddress(chance) + 4 * chance.below(8));
    case 9:
      return BigInt(chance.below(64));
    case 10:
      return chance.value();
    case 11:
      return chance.float();
    default:
      return address(chance, ramBytes);
  }
}

/** An address for a PMP entry: one that covers a single word, its page, or a larger range. */
function pmpAddress(chance: Chance): bigint {
  if (chance.chance(0.1)) return chance.word64() >> 10n;
  const at = BigInt(RAM_BASE + 4 * chance.below((PLACED_PAGES * PAGE_BYTES) / 4)) >> 2n;
  return chance.pick([at, at | 1n, at | 0x1ffn, at & ~0x3ffn]);
}

/** The words of the hart, in a state that software can reach. */
function drawHart(chance: Chance, privilege: number, ramBytes: number, slot: number): HartState {
  const hart: HartState = {};
  for (let index = 1; index < 32; index++) hart[`x${index}`] = chance.value();
  for (let index = 0; index < 32; index += 5) hart[`f${index}`] = chance.float();
  Object.assign(hart, {
    pc: BigInt(chance.chance(0.95) ? PLACE.code : PLACE.noise),
    privilege: BigInt(privilege),
    ...pointersOf(chance, ramBytes, slot),
  });
  for (const [word, bits] of legalBits)
    if (chance.chance(0.15) && !/cause$/.test(word)) hart[word] = chance.word64() & bits;
  const translated = privilege !== PRIVILEGE.M && chance.chance(0.6);
  const fs = chance.chance(0.9) ? MSTATUS.FS : 0n;
  const status = chance.word64() & (MSTATUS.SUM | MSTATUS.MXR | MSTATUS.SIE | MSTATUS.MIE | MSTATUS.SPP);
  Object.assign(hart, {
    mstatus: fs | status | (chance.pick([0n, 1n, 3n]) << 11n) | (chance.chance(0.2) ? MSTATUS.MPRV : 0n),
    satp: translated || chance.chance(0.2) ? (8n << 60n) | BigInt(PLACE.root >>> 12) : 0n,
    ...(chance.chance(0.98) && { mtvec: BigInt(PLACE.handler), stvec: BigInt(PLACE.supervisorHandler) }),
    ...(chance.chance(0.8) && { medeleg: chance.chance(0.5) ? 0xb1ffn : 0n }),
    ...(chance.chance(0.5) && { mie: 0n }),
    ...(chance.chance(0.8) && { mcounteren: 7n, scounteren: 7n }),
  });
  return { ...hart, ...drawPmp(chance) };
}

const pointersOf = (chance: Chance, ramBytes: number, slot: number): HartState => {
  const register = (name: keyof typeof POINTER) => `x${POINTER[name]}`;
  return {
    [register('data')]: BigInt(PLACE.data + 8 * chance.below(512)),
    [register('rings')]: BigInt(ringsOf(slot)),
    [register('tables')]: BigInt(chance.pick([PLACE.root, PLACE.middle, PLACE.last, PLACE.last])),
    [register('slot')]: BigInt(memoryMap.virtio.base + slot * memoryMap.virtio.sizeBytes),
    [register('otherSlot')]: BigInt(memoryMap.virtio.base + chance.below(9) * memoryMap.virtio.sizeBytes),
    [register('device')]: BigInt(deviceAddress(chance)),
    [register('code')]: BigInt(PLACE.code),
    [register('ends')]: BigInt(
      chance.chance(0.5) ? RAM_BASE + ramBytes - chance.below(48) : RAM_BASE - chance.below(16),
    ),
    [register('anywhere')]: address(chance, ramBytes),
    [register('pool')]: BigInt(PLACE.pool + PAGE_BYTES / 2),
  };
};

/** The last entry allows everything; earlier ones deny parts, some also to machine mode. */
function drawPmp(chance: Chance): HartState {
  const settings = Array.from({ length: PMP_ENTRIES }, () => 0);
  const pmp: HartState = {};
  if (chance.chance(0.97)) {
    settings[PMP_ENTRIES - 1] = PMP.NAPOT | PMP.R | PMP.W | PMP.X;
    pmp[`pmpaddr${PMP_ENTRIES - 1}`] = 2n ** 54n - 1n;
  }
  for (let count = chance.chance(0.4) ? 1 + chance.below(3) : 0; count > 0; count--) {
    const entry = chance.below(PMP_ENTRIES - 1);
    settings[entry] = legalPmp(chance.below(32) | (chance.chance(0.2) ? PMP.L : 0));
    pmp[`pmpaddr${entry}`] = pmpAddress(chance);
  }
  const packed = (from: number) =>
    settings.slice(from, from + 8).reduce((all, one, at) => all | (BigInt(one) << BigInt(8 * at)), 0n);
  return { ...pmp, pmpcfg0: packed(0), pmpcfg2: packed(8) };
}

/** Initializes the device as a driver does, mostly correctly. */
function bringUp(
  state: VirtioState,
  chance: Chance,
  { device }: VirtioMmio,
  slot: number,
  ramBytes: number,
): void {
  const offered = device.features | VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX;
  state.driverFeatures = chance.chance(0.8)
    ? offered & ~(chance.chance(0.5) ? VIRTIO_F_EVENT_IDX : 0n)
    : chance.word64() & offered;
  state.status =
    STATUS.ACKNOWLEDGE | STATUS.DRIVER | STATUS.FEATURES_OK | (chance.chance(0.97) ? STATUS.DRIVER_OK : 0);
  state.queueSel = chance.below(3);
  state.queues.forEach((queue: QueueState, index) => {
    const rings = ringsOf(slot) + RING.queueBytes * index;
    const place = (right: number) => (chance.chance(0.97) ? BigInt(right) : address(chance, ramBytes));
    queue.num = chance.chance(0.9)
      ? 2 ** (chance.chance(0.8) ? Math.log2(DESCRIPTORS) - chance.below(2) : chance.below(4))
      : device.queueSizes[index]!;
    queue.ready = chance.chance(0.95);
    queue.desc = place(rings);
    queue.driver = place(rings + RING.driver);
    queue.device = place(rings + RING.device);
  });
}
