/** Runs cases on this machine's hart. */

import type { AnyHart } from '../../src/cpu/checked-hart.ts';
import { ENVCFG, INTERRUPT } from '../../src/cpu/csrs.ts';
import { makeHart } from '../../src/cpu/engine.ts';
import { NO_RESERVATION, PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { type Case, encodeCase } from './case.ts';
import type { Harness } from './harness.ts';
import {
  ARENA,
  ARENA_BYTES,
  CASES,
  FINISHER,
  RAM_BYTES,
  RESULT_WORDS_MAX,
  RESULTS,
  resultWord,
  SAVE,
  saveWords,
  TEMPLATE,
} from './layout.ts';

/** Harness and case together take fewer steps, unless the case loops. */
const STEPS_MAX = 25_000;
/** The harness disables the timer. */
const MTIMECMP = 0x200_4000n;

/** The lock bits of eight PMP entries: only a reset undoes them. */
const LOCKS = 0x8080_8080_8080_8080n;

/** Whether a case has locked PMP entries: then the next case cannot be set up. */
export const locks = (result: BigUint64Array): boolean =>
  ((result[resultWord.get('pmpcfg0')!]! | result[resultWord.get('pmpcfg2')!]!) & LOCKS) !== 0n;

export type Outcome =
  /** The result's words. */
  | { is: 'result'; words: BigUint64Array }
  /** Not comparable: it does not end, or depends on what differs between the machines by design. */
  | { is: 'useless'; why: string };

/** Addresses of devices of QEMU's machine, where this one has others or none. */
export const isDevice = (address: bigint): boolean =>
  (address >= 0x1000n && address < 0x20_0000n) ||
  (address >= 0x200_0000n && address < 0x8000_0000n) ||
  (address >= 2n ** 34n && address < 2n ** 36n);

const EMPTY_PAGE = new Uint8Array(PAGE_BYTES);
/** More than a case takes. */
const ENCODED_WORDS = 1 << 16;

export class Ours {
  readonly hart: AnyHart;
  private readonly words: BigUint64Array;
  /** The words of a case. */
  private readonly encoded = new BigUint64Array(ENCODED_WORDS);
  private readonly boot;
  private useless = '';
  private done = false;
  private clean = false;
  /** The pages that the last case wrote to. */
  private written: number[] = [];

  constructor(private readonly harness: Harness) {
    this.hart = makeHart(RAM_BYTES, {
      load: (address) => this.access(address) as undefined,
      store: (address) => {
        const byHarness = this.hart.get('pc') < BigInt(ARENA);
        if (address === BigInt(FINISHER) && byHarness) {
          this.done = true;
          this.hart.stop();
          return true;
        }
        if (address === MTIMECMP && byHarness) return true;
        this.access(address);
        return false;
      },
      clock: () => {
        this.useless = 'the time';
        return 0;
      },
      entropy: () => {
        this.useless = 'entropy';
        return 0;
      },
      watched() {},
      timerChanged: () => {
        const counts = (this.hart.get('menvcfg') & ENVCFG.STCE) !== 0n;
        const at = this.hart.get('stimecmp');
        // The time is some seconds after boot.
        this.hart.setLine(INTERRUPT.STI, counts && at === 0n);
        if (at > 0n && at < 2n ** 40n) this.useless = 'the time';
      },
    });
    const { ram } = this.hart;
    this.words = new BigUint64Array(ram.buffer, ram.byteOffset, RAM_BYTES / 8);
    this.boot = { ...this.hart.state, reservation: NO_RESERVATION };
  }

  private access(address: bigint): void {
    if (isDevice(address)) this.useless = 'a device';
  }

  /** Sets up the state in which the harness starts, with a case. */
  load(one: Case): void {
    const { hart } = this;
    if (!this.clean) {
      for (const page of [...this.written, ...hart.takeChanged()])
        this.write(RAM_BASE + page * PAGE_BYTES, EMPTY_PAGE);
      this.write(RAM_BASE, this.harness.image);
      this.write(ARENA, hart.ram.slice(TEMPLATE - RAM_BASE, TEMPLATE - RAM_BASE + ARENA_BYTES));
    }
    const count = encodeCase(one, this.encoded, 0);
    this.write(CASES, new Uint8Array(this.encoded.buffer, 0, count * 8));
    const save = { input: CASES, left: 1, output: RESULTS };
    for (const [name, value] of Object.entries(save))
      this.write(
        SAVE + 8 * saveWords[name as keyof typeof save],
        new Uint8Array(BigUint64Array.of(BigInt(value)).buffer),
      );
    hart.state = { ...this.boot, pc: this.harness.next };
    // Pages written here do not count as written by the case.
    this.written = hart.takeChanged();
    this.useless = '';
    this.done = false;
    this.clean = false;
  }

  /** Writes memory only where it differs, to keep translations of the rest. */
  private write(address: number, bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += PAGE_BYTES) {
      const part = bytes.subarray(from, from + PAGE_BYTES);
      const at = address + from - RAM_BASE;
      if (Buffer.compare(part, this.hart.ram.subarray(at, at + part.length)) !== 0)
        this.hart.write(address + from, part);
    }
  }

  run(one: Case): Outcome {
    const { hart } = this;
    this.load(one);
    const exit = hart.run(hart.icount + STEPS_MAX);
    if (!this.done) return { is: 'useless', why: exit === 'waiting' ? 'waits' : 'loops' };
    if (this.useless) return { is: 'useless', why: this.useless };
    if (!this.isIntact()) return { is: 'useless', why: 'harms the harness' };
    const at = (RESULTS - RAM_BASE) / 8;
    const words = this.words.slice(at, at + Number(this.words[at]!));
    if (locks(words)) return { is: 'useless', why: 'locks PMP entries' };
    this.clean = true;
    return { is: 'result', words };
  }

  /** Whether the case has written only to the arena. */
  private isIntact(): boolean {
    const allowed = (page: number) => {
      const address = RAM_BASE + page * PAGE_BYTES;
      return (
        (address >= ARENA && address < ARENA + ARENA_BYTES) ||
        address === SAVE ||
        (address >= RESULTS && address < RESULTS + 8 * RESULT_WORDS_MAX)
      );
    };
    const changed = this.hart.takeChanged();
    this.written.push(...changed);
    return changed.every(allowed);
  }

  get finished(): boolean {
    return this.done;
  }
}
