/**
 * Two harts in one: the interpreter repeats what the translator has done, and their states must be equal. The bus
 * accesses of the first hart are recorded and replayed to the second.
 */
import { InvariantError } from '../base/assert.ts';
import {
  type Bus,
  type Exit,
  Hart,
  type HartOptions,
  type ObservedRange,
  type RepeatedException,
} from './hart.ts';
import { type HartState, type HartWord, hartWords, PAGE_BYTES, RAM_BASE } from './layout.ts';

/** The interface of a hart, independent of its engine. */
export type AnyHart = Pick<Hart, keyof Hart>;

/** The maximum number of steps between two comparisons. */
const STRETCH = 5000;

/** The two engines have reached different states from one. */
export class EngineDifference extends InvariantError {
  override name = 'EngineDifference';

  /** @param icount the first step after which the states differ */
  constructor(
    readonly icount: number,
    readonly differences: readonly string[],
  ) {
    super(
      `the translator and the interpreter differ after step ${icount} (translator / interpreter): ${differences.join('; ')}`,
    );
  }
}

/** A change that the VMM makes to a hart. */
type Change = (hart: Hart) => void;

/** A bus call: its arguments, its result, and the changes that the VMM made to the hart during it. */
interface Call {
  name: keyof Bus;
  asked: string;
  answer: unknown;
  changes: Change[];
}

const asText = (args: readonly unknown[]): string => args.map(String).join(', ');

/** All of a hart's state at one position. */
interface State {
  exit: Exit;
  words: HartState;
  ramHash: bigint;
}

/** The hart of the engine `check`. @throws {EngineDifference} from `run`, when the engines differ */
export class CheckedHart implements AnyHart {
  private readonly first: Hart;
  private readonly second: Hart;
  /** The bus calls since the start of the stretch, and how many of them were replayed to the other hart. */
  private calls: Call[] = [];
  private given = 0;
  private running = false;
  /** Whether the calls are being replayed to the hart that made them. */
  private repeating = false;
  /** The state at the start of the stretch. */
  private base: { words: HartState; ram: Uint8Array };

  constructor(ramSizeBytes: number, bus: Bus, options: Omit<HartOptions, 'translates'> = {}) {
    this.first = new Hart(ramSizeBytes, this.keeping(bus), options);
    this.second = new Hart(ramSizeBytes, this.giving(bus), { translates: false });
    this.base = { words: this.second.state, ram: this.second.ram.slice() };
  }

  /** The bus of the first hart: forwards calls and records the results. */
  private keeping(bus: Bus): Bus {
    return mapBus(bus, (name, ask) => (...args) => {
      if (this.repeating) return this.give(this.first, name, args);
      const call: Call = { name, asked: asText(args), answer: undefined, changes: [] };
      this.calls.push(call);
      call.answer = ask(...args);
      return call.answer;
    });
  }

  /** The bus of the second hart: returns the recorded results. */
  private giving(bus: Bus): Bus {
    return mapBus(
      bus,
      (name) =>
        (...args) =>
          this.give(this.second, name, args),
    );
  }

  private give(hart: Hart, name: keyof Bus, args: readonly unknown[]): unknown {
    const call = this.calls[this.given++];
    if (call?.name !== name || call.asked !== asText(args)) {
      const found = call ? `${call.name}(${call.asked})` : 'nothing';
      // The first run made another call: the states differ.
      throw new EngineDifference(hart.icount, [`bus: ${found} / ${name}(${asText(args)})`]);
    }
    for (const change of call.changes) change(hart);
    return call.answer;
  }

  /** Changes both harts: the second one when it has reached the first one's position. */
  private change(change: Change): void {
    change(this.first);
    if (this.running) this.calls.at(-1)?.changes.push(change);
    else change(this.second);
  }

  run(limit: number): Exit {
    for (;;) {
      this.keepBase();
      const end = Math.min(limit, this.icount + STRETCH);
      this.calls = [];
      const exit = this.runFirst(end);
      this.given = 0;
      const differences = this.compare({ exit, words: this.first.state, ramHash: this.first.hashRam() }, () =>
        this.runSecond(end),
      );
      if (differences.length > 0) this.narrow(end, differences);
      if (exit !== 'limit' || end === limit) return exit;
    }
  }

  private runFirst(end: number): Exit {
    this.running = true;
    try {
      return this.first.run(end);
    } finally {
      this.running = false;
    }
  }

  private runSecond(end: number): State {
    const exit = this.second.run(end);
    return { exit, words: this.second.state, ramHash: this.second.hashRam() };
  }

  /** Updates `base` to the state of the second hart. */
  private keepBase(): void {
    const { base, second } = this;
    base.words = second.state;
    if (base.ram.length < second.ramSizeBytes) base.ram = second.ram.slice();
    for (const page of second.takeChanged()) {
      const at = page * PAGE_BYTES;
      base.ram.set(second.ram.subarray(at, at + PAGE_BYTES), at);
    }
  }

  private compare(first: State, again: () => State): string[] {
    let second: State;
    try {
      second = again();
    } catch (error) {
      if (error instanceof EngineDifference) return [...error.differences];
      throw error;
    }
    const differences = hartWords
      .filter((word) => first.words[word] !== second.words[word])
      .map((word) => `${word} is ${hex(first.words[word]!)} / ${hex(second.words[word]!)}`);
    if (first.exit !== second.exit) differences.push(`the run ended by ${first.exit} / ${second.exit}`);
    if (first.ramHash !== second.ramHash) differences.push(...this.differentRam());
    return differences;
  }

  private differentRam(): string[] {
    const at = this.first.ram.findIndex((byte, index) => byte !== this.second.ram[index]);
    return [`the byte at ${hex(BigInt(RAM_BASE + at))} is ${this.first.ram[at]} / ${this.second.ram[at]}`];
  }

  /** Finds the first step of the stretch after which the two differ. @throws {EngineDifference} always */
  private narrow(end: number, differences: readonly string[]): never {
    const start = Number(this.base.words.icount);
    let same = start;
    let different = Math.min(end, this.first.icount);
    let found = differences;
    this.translatesMore = false;
    while (different - same > 1) {
      const middle = Math.floor((same + different) / 2);
      const here = this.repeat(middle);
      if (here.length > 0) {
        different = middle;
        found = here;
      } else same = middle;
    }
    throw new EngineDifference(different, found);
  }

  /** Runs both harts again from the start of the stretch. */
  private repeat(end: number): string[] {
    this.repeating = true;
    try {
      this.goBack(this.first);
      const exit = this.first.run(end);
      const first = { exit, words: this.first.state, ramHash: this.first.hashRam(true) };
      this.goBack(this.second);
      return this.compare(first, () => ({ ...this.runSecond(end), ramHash: this.second.hashRam(true) }));
    } catch (error) {
      if (error instanceof EngineDifference) return [...error.differences];
      throw error;
    } finally {
      this.repeating = false;
    }
  }

  private goBack(hart: Hart): void {
    this.given = 0;
    hart.takeBack(this.base.ram);
    hart.state = this.base.words;
  }

  get ram(): Uint8Array {
    return this.first.ram;
  }
  get ramSizeBytes(): number {
    return this.first.ramSizeBytes;
  }
  get icount(): number {
    return this.first.icount;
  }
  get hasSupervisorTimer(): boolean {
    return this.first.hasSupervisorTimer;
  }
  get pending(): bigint {
    return this.first.pending;
  }
  get exceptionsInARow(): number {
    return this.second.exceptionsInARow;
  }
  get repeatedException(): RepeatedException | undefined {
    return this.second.repeatedException;
  }
  get(word: HartWord): bigint {
    return this.first.get(word);
  }
  get state(): HartState {
    return this.first.state;
  }
  set state(state: HartState) {
    this.change((hart) => {
      hart.state = state;
    });
  }
  set(word: HartWord, value: bigint): void {
    this.change((hart) => hart.set(word, value));
  }
  setLines(levels: number): void {
    this.change((hart) => hart.setLines(levels));
  }
  setLine(interrupt: number, level: boolean): void {
    this.change((hart) => hart.setLine(interrupt, level));
  }
  stop(): void {
    this.change((hart) => hart.stop());
  }
  observe(ranges: readonly ObservedRange[]): void {
    this.change((hart) => hart.observe(ranges));
  }
  watch(address: number): void {
    this.change((hart) => hart.watch(address));
  }
  write(address: number, bytes: Uint8Array): void {
    const kept = bytes.slice();
    this.change((hart) => hart.write(address, kept));
  }
  growRam(ramSizeBytes: number): void {
    this.change((hart) => hart.growRam(ramSizeBytes));
  }
  reset(): void {
    this.change((hart) => hart.reset());
  }
  clearRam(address?: number, sizeBytes?: number): void {
    this.change((hart) => hart.clearRam(address, sizeBytes));
  }
  takeBack(ram: Uint8Array): void {
    this.change((hart) => hart.takeBack(ram));
  }
  set translatesMore(more: boolean) {
    this.first.translatesMore = more;
  }
  takeChanged(among?: readonly number[]): number[] {
    return this.first.takeChanged(among);
  }
  hashRam(afresh = false): bigint {
    return this.first.hashRam(afresh);
  }
  usedPages(): number[] {
    return this.first.usedPages();
  }
  hash(bytes: Uint8Array): bigint {
    return this.first.hash(bytes);
  }
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** A bus with the same calls, each made by `wrap`. */
function mapBus(
  bus: Bus,
  wrap: (name: keyof Bus, ask: (...args: unknown[]) => unknown) => (...args: unknown[]) => unknown,
): Bus {
  const names = (Object.keys(bus) as (keyof Bus)[]).filter((name) => bus[name] !== undefined);
  return Object.fromEntries(
    names.map((name) => [name, wrap(name, bus[name] as (...args: unknown[]) => unknown)]),
  ) as unknown as Bus;
}
