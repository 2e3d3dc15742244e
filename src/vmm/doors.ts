/**
 * The VMM's one interface to the outside, and its three implementations: live (inputs come from the environment),
 * recording (inputs are passed on and logged) and replay (inputs come from the log).
 */
import type { Entry, EntryKind, EntryOf, Input, MachineAction } from './entries.ts';
import { describeEntry, isInput } from './entries.ts';
import type { Machine, SynchronousDoors } from './machine.ts';

/** A machine's connection to the outside. */
export interface Doors extends SynchronousDoors {
  /** The next input to apply at the machine's present position, or undefined when there is none (yet). */
  input(machine: Machine): Input | undefined;
  /** The guest may run up to this `icount` before `input` must be called again. */
  limit(machine: Machine): number;
  /** Whether the guest has made room for a waiting input. */
  inputWaits(machine: Machine): boolean;
}

/** A derived clock is corrected when it is a millisecond behind. */
const MAX_DEVIATION_TICKS = 10_000;

/** A live machine's clock and entropy source. */
export interface Environment {
  /** The guest's clock at a position of the present slice, in ticks of 100 ns since boot. */
  clock(icount: number): number;
  entropy(sizeBytes: number): Uint8Array;
  /** The position at which the guest's clock will show `ticks`. */
  icountAt(ticks: number): number;
}

/** The end of a disk operation; `data` is a read's data, and empty for other operations. */
export interface DiskCompletion {
  id: number;
  status: number;
  data: Uint8Array;
}

/** The doors of a live machine. What arrives from outside waits here until the machine can take it. */
export class LiveDoors implements Doors {
  private frames: Uint8Array[] = [];
  private typed: Uint8Array[] = [];
  private completions: DiskCompletion[] = [];
  private operated: { action: MachineAction; value: number }[] = [];
  /** Whether an input has arrived since the present slice began. */
  inputArrived = false;

  constructor(private readonly world: Environment) {}

  /** A frame arrives from the network. */
  frame(frame: Uint8Array): void {
    this.frames.push(frame);
    this.inputArrived = true;
  }

  /** Bytes are typed at the console, after those typed before. */
  type(data: Uint8Array): void {
    if (data.length > 0) this.typed.push(data);
    this.inputArrived = true;
  }

  completed(completion: DiskCompletion): void {
    this.completions.push(completion);
    this.inputArrived = true;
  }

  /** The operator presses the reset button, or adds memory (`value`: the new size of RAM, in bytes). */
  operate(action: MachineAction, value = 0): void {
    this.operated.push({ action, value });
    this.inputArrived = true;
  }

  /** Discards what waits: this machine is no longer the live one. */
  clear(): void {
    this.frames = [];
    this.typed = [];
    this.completions = [];
    this.operated = [];
  }

  clock(icount: number): number {
    return this.world.clock(icount);
  }

  entropy(_icount: number, sizeBytes: number): Uint8Array {
    return this.world.entropy(sizeBytes);
  }

  input(machine: Machine): Input | undefined {
    const { icount, timerDeadline, derivedTicks } = machine;
    const world = this.world.clock(icount);
    // A derived clock may be ahead of the host's.
    const ticks = Math.max(world, derivedTicks ?? 0);
    const expired = timerDeadline !== undefined && BigInt(ticks) >= timerDeadline;
    if (expired || (derivedTicks !== undefined && world - derivedTicks >= MAX_DEVIATION_TICKS))
      return { kind: 'timer', icount, ticks };
    const operation = this.operated.shift();
    if (operation) return { kind: 'control', icount, ...operation };
    const completion = this.completions.shift();
    if (completion) return { kind: 'disk', icount, ...completion };
    const frame = this.frames.shift();
    if (frame) return { kind: 'net', icount, frame };
    const room = machine.consoleRoom;
    const next = this.typed[0];
    if (!next || room === 0) return undefined;
    const data = next.subarray(0, room);
    if (data.length === next.length) this.typed.shift();
    else this.typed[0] = next.subarray(room);
    return { kind: 'console', icount, data };
  }

  inputWaits(machine: Machine): boolean {
    return this.typed.length > 0 && machine.consoleRoom > 0;
  }

  limit(machine: Machine): number {
    const deadline = machine.timerDeadline;
    // A deadline beyond the safe integers is never reached.
    if (deadline === undefined || deadline > BigInt(Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER;
    const ticks = Number(deadline);
    const derived =
      machine.derivedTicks === undefined ? Number.MAX_SAFE_INTEGER : machine.derivedIcountAt(ticks);
    return Math.max(machine.icount + 1, Math.min(this.world.icountAt(ticks), derived));
  }
}

/** Passes everything through and records it as log entries. */
export class RecordingDoors implements Doors {
  constructor(
    private readonly inner: Doors,
    private readonly note: (entry: Entry) => void,
  ) {}

  clock(icount: number): number {
    const ticks = this.inner.clock(icount);
    this.note({ kind: 'clock', icount, ticks });
    return ticks;
  }

  entropy(icount: number, sizeBytes: number): Uint8Array {
    const data = this.inner.entropy(icount, sizeBytes);
    this.note({ kind: 'entropy', icount, data });
    return data;
  }

  input(machine: Machine): Input | undefined {
    const input = this.inner.input(machine);
    if (input) this.note(input);
    return input;
  }

  limit(machine: Machine): number {
    return this.inner.limit(machine);
  }

  inputWaits(machine: Machine): boolean {
    return this.inner.inputWaits(machine);
  }
}

/** Replay diverged: the guest's next event is not the log's next entry. */
export class Divergence extends Error {
  override name = 'Divergence';
  /** The address of the instruction at which the guest stands, if the machine was running. */
  pc: bigint | undefined;
  constructor(
    /** The position of this machine. */
    readonly icount: number,
    /** What this machine did there. */
    readonly found: string,
    /** The log's entry; undefined when there is none. */
    readonly expected: Entry | undefined,
  ) {
    super(`at ${icount}: ${found}, but the log says ${expected ? describeEntry(expected) : 'nothing'}`);
  }
}

/** The minimum number of consumed places at the front of a queue before it is compacted. */
const MIN_CONSUMED = 64;
const MAX_CONSUMED = 4096;

/** Kinds of entries that the guest reads in the middle of a step. */
const synchronous: ReadonlySet<EntryKind> = new Set(['clock', 'entropy']);

/**
 * The doors of a machine that replays a log, entry by entry. Entries may be appended during replay; the machine never
 * runs past the last one. `passed` is called for each marker as the machine passes it, and for each entry once it is
 * consumed.
 */
export class ReplayDoors implements Doors {
  /** Consumed entries are freed at once, since they may be large; their places in batches. */
  private queue: (Entry | undefined)[] = [];
  private head = 0;
  private source: Iterator<Entry> | undefined;
  /** Entries from this position on are held back: the machine runs up to it and no further. */
  heldFrom = Number.POSITIVE_INFINITY;

  /**
   * `passed` gets an entry when the machine is at its position, before it is applied; `read` gives the data of a disk
   * read that this replica did itself.
   */
  constructor(
    private readonly passed: (entry: Entry, machine: Machine) => void = () => {},
    /** Study only: doors whose entries are missing from the log and come from the environment instead. */
    private readonly unlogged: { world: Environment; kinds: ReadonlySet<EntryKind> } | undefined = undefined,
    private readonly read: (id: number) => Uint8Array | undefined = () => undefined,
  ) {}

  append(entry: Entry): void {
    this.queue.push(entry);
  }

  /** Reads these entries lazily, after those that were appended: a long log need not be in memory. */
  follow(entries: Iterable<Entry>): void {
    this.source = entries[Symbol.iterator]();
  }

  /** Removes the entries that were appended last, down to `count` waiting ones. */
  retract(count: number): void {
    this.queue.length = this.head + count;
  }

  /** The number of entries that were appended and not yet consumed. */
  get waiting(): number {
    return this.queue.length - this.head;
  }

  get next(): Entry | undefined {
    if (this.source && this.head === this.queue.length) {
      const { value, done } = this.source.next();
      if (done) this.source = undefined;
      else this.queue.push(value);
    }
    return this.queue[this.head];
  }

  private take(): Entry {
    const entry = this.queue[this.head]!;
    this.queue[this.head++] = undefined;
    const { head, queue } = this;
    if (head >= MAX_CONSUMED || (head >= MIN_CONSUMED && 2 * head >= queue.length)) {
      this.queue.splice(0, this.head);
      this.head = 0;
    }
    return entry;
  }

  private demand<K extends 'clock' | 'entropy'>(kind: K, icount: number): EntryOf<K> {
    const { next } = this;
    if (next?.kind !== kind || next.icount !== icount)
      throw new Divergence(icount, `the guest asked for ${kind}`, next);
    return this.take() as EntryOf<K>;
  }

  clock(icount: number): number {
    if (this.unlogged?.kinds.has('clock')) return this.unlogged.world.clock(icount);
    return this.demand('clock', icount).ticks;
  }

  entropy(icount: number, sizeBytes: number): Uint8Array {
    if (this.unlogged?.kinds.has('entropy')) return this.unlogged.world.entropy(sizeBytes);
    const entry = this.demand('entropy', icount);
    if (entry.data.length !== sizeBytes)
      throw new Divergence(icount, `the guest asked for ${sizeBytes} random bytes`, entry);
    return entry.data;
  }

  input(machine: Machine): Input | undefined {
    for (;;) {
      const { next } = this;
      if (!next) return undefined;
      const { icount } = machine;
      if (next.kind === 'checkpoint') {
        this.passed(this.take(), machine);
        continue;
      }
      if (next.icount < icount) throw new Divergence(icount, 'the guest has gone past the entry', next);
      if (next.icount > icount || synchronous.has(next.kind)) {
        if (machine.power.off) throw new Divergence(icount, 'the guest has switched off', next);
        if (machine.idle) throw new Divergence(icount, 'the guest waits for an interrupt', next);
        return undefined;
      }
      if (icount >= this.heldFrom) return undefined;
      const input = this.withData(next);
      if (!input) return undefined;
      this.take();
      this.passed(next, machine);
      if (isInput(input)) return input;
    }
  }

  /** The entry with the data that this replica has read itself; undefined while that read is under way. */
  private withData(entry: Entry): Entry | undefined {
    if (entry.kind !== 'disk' || entry.data) return entry;
    const data = this.read(entry.id);
    return data && { ...entry, data };
  }

  limit(machine: Machine): number {
    const { next } = this;
    if (!next || next.kind === 'checkpoint') return machine.icount;
    return Math.min(this.heldFrom, synchronous.has(next.kind) ? next.icount + 1 : next.icount);
  }

  /** Never: in replay the log determines the position of inputs. */
  inputWaits(): boolean {
    return false;
  }
}
