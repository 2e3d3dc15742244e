/** The machine of one host at any instruction that it has executed: rebuilt from boot and what came through its doors. */
import { OperatingError } from '../../base/errors.ts';
import { type Addressing, readMemory } from '../../debug/address-space.ts';
import {
  csrsOf,
  type DisassembledLine,
  disassemblyOf,
  type NamedValue,
  registersOf,
} from '../../debug/inspect.ts';
import type { History } from '../../replay/history.ts';
import { Timeline } from '../../replay/timeline.ts';
import { Divergence } from '../../vmm/doors.ts';
import type { Machine } from '../../vmm/machine.ts';
import type { Vmm } from '../../vmm/vmm.ts';
import type { HostId } from '../faults/faults.ts';
import type { Course } from './course.ts';
import { type Flip, flip } from './flips.ts';

/** Memory for the snapshots from which a machine goes back. */
const SNAPSHOT_BYTES = 16 << 20;

/** See the head of this file. At a position, the inputs that came there are applied. */
export class HostMachine {
  private readonly vmm: Vmm;
  private readonly history: History;
  private timeline!: Timeline;
  private flips!: readonly Flip[];
  /** The number of flips that the machine has. */
  private flipped = 0;
  /** What the timeline was told of: the number of entries, and the last position. */
  private told = { entries: 0, end: 0 };

  /** @throws {OperatingError} as `Session.machineAt` */
  constructor(
    readonly host: HostId,
    private readonly course: Course,
  ) {
    const { hosts } = course.simulation;
    const { vmm } = (
      hosts.get(host) ?? refuse(`there is no host ${host}; they are ${[...hosts.keys()].join(', ')}`)
    ).replica;
    this.vmm = vmm ?? refuse(`${host} has no machine at this moment`);
    this.history = course.simulation.history(host);
    this.begin();
  }

  private begin(): void {
    const { description, execution } = this.course.simulation.options;
    this.flips = this.course.flips.of(this.history);
    this.flipped = 0;
    this.timeline = new Timeline(description, this.history, {
      end: () => this.end,
      execution,
      // A machine that has diverged, or whose bits have flipped, is shown as it is.
      passed: () => {},
      // A snapshot would not say which of the flips at its position it has.
      ...(this.flips.length === 0 && { snapshotBytes: SNAPSHOT_BYTES }),
    });
  }

  /** Whether this is the machine that its host has in this simulation. */
  isOf(course: Course): boolean {
    const { vmm } = course.simulation.hosts.get(this.host)!.replica;
    return (
      course === this.course && vmm === this.vmm && course.simulation.history(this.host) === this.history
    );
  }

  /** The position, in steps since boot. */
  get icount(): number {
    return this.timeline.icount;
  }

  /** The last position that it can be moved to: what the host has executed at the session's present moment. */
  get end(): number {
    return this.vmm.icount;
  }

  // ── Moving ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Goes to a position, or to the last one before it that there is. @throws {OperatingError} as {@link seeking} */
  seek(icount: number): void {
    for (const _ of this.seeking(icount));
  }

  /** One step forwards; false at the end. */
  step(): boolean {
    const { icount } = this;
    this.seek(icount + 1);
    return this.icount > icount;
  }

  /** One step back; false at the start. */
  stepBack(): boolean {
    if (this.icount === 0) return false;
    this.seek(this.icount - 1);
    return true;
  }

  /**
   * As {@link seek}, in parts: a part at each turn. It can be abandoned.
   * @throws {OperatingError} if the history was too long to be kept, or no machine has it
   */
  *seeking(icount: number): Generator<void, void> {
    if (!(icount >= 0)) refuse(`there is no position ${icount}: they count from 0`);
    if (!this.history.isWhole)
      refuse(
        `too much came through the doors of ${this.host} to be kept in memory; limit the run with max-steps`,
      );
    this.refresh();
    try {
      yield* this.going(icount);
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      this.begin();
      refuse(`no machine has the history of ${this.host}: ${error.message}`);
    }
  }

  /** The run may have gone on since. */
  private refresh(): void {
    const { course, history, told, end } = this;
    if (course.flips.of(history) !== this.flips) this.begin();
    else if (history.length !== told.entries || end !== told.end) this.timeline.resume();
    this.told = { entries: history.length, end };
  }

  private *going(icount: number): Generator<void, void> {
    const { timeline, flips } = this;
    if (flips.length > 0 && icount < this.icount) {
      timeline.restart();
      this.flipped = 0;
    }
    for (const one of flips.slice(this.flipped)) {
      if (one.icount > icount) break;
      yield* timeline.seeking(one.icount, 'after');
      if (this.icount < one.icount) return;
      flip(timeline.machine, one);
      this.flipped++;
    }
    yield* timeline.seeking(icount, 'after');
  }

  // ── What is there ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** The machine itself: to be read only. After a move it may be another one. */
  get machine(): Machine {
    return this.timeline.machine;
  }

  /** A hash of the whole state. */
  get hash(): bigint {
    return this.machine.hash(true);
  }

  /**
   * Says, in words, that its host has another machine than this: something came in that is not in the log, since a rule
   * is switched off that prevents it. undefined: both are the same, or this one is not at its last position, where they
   * can be compared.
   */
  get contradicts(): string | undefined {
    const { machine, icount } = this.vmm;
    if (this.icount !== icount || this.hash === machine.hash(true)) return undefined;
    return `the machine of ${this.host} is another one: something came in that is not in its log`;
  }

  /** `pc`, the integer registers by their ABI names, and those of F and D. */
  registers(): NamedValue[] {
    return registersOf(this.machine);
  }

  /** All CSRs. `time` is the latest time that the guest has read, and `seed` is 0. */
  csrs(): NamedValue[] {
    return csrsOf(this.machine);
  }

  /** The instructions round `pc`: up to `before` in front of it, the one at it, and up to `after` behind. */
  disassembly(before: number, after: number): DisassembledLine[] {
    return disassemblyOf(this.machine, before, after);
  }

  /** Up to `sizeBytes` bytes of RAM: fewer when what follows is not mapped or is no RAM. */
  memory(address: bigint, sizeBytes: number, addressing: Addressing = 'virtual'): Uint8Array {
    return readMemory(this.machine.hart, address, sizeBytes, addressing);
  }
}

function refuse(message: string): never {
  throw new OperatingError(message);
}
