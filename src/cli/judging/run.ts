/** A real run's evidence, put together from its files, and the verdict on it. */
import { OperatingError } from '../../base/errors.ts';
import { OneLiveChecker, type Violation } from '../../check/checkers.ts';
import type { Evidence, Kept, Meeting } from '../../check/evidence.ts';
import { checkMeeting, compareLast, judge } from '../../check/verdict.ts';
import type { Execution } from '../../cpu/engine.ts';
import { SECTOR_BYTES } from '../../devices/device.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { Comparison } from '../../replay/comparison.ts';
import { Timeline } from '../../replay/timeline.ts';
import { sectorsOf } from '../../vmm/description.ts';
import { Divergence } from '../../vmm/doors.ts';
import type { Entry } from '../../vmm/entries.ts';
import { type GroupFiles, isUsable } from './files.ts';
import { Hosts, type Life, type MachinePart } from './hosts.ts';
import { StorageEvidence, SwitchEvidence } from './outside.ts';

const NOTHING: Kept<never> = Object.assign([], { isWhole: true });

/** What is said of a run. */
export interface Verdict {
  group: string;
  program: string;
  outcome: 'completed' | 'open';
  survivor: string;
  icount: number;
  generations: number;
  failovers: number;
  /** The state hash of the last machine at its end, if its host has said that. */
  stateHash: bigint | undefined;
  violations: Violation[];
  /** What was not judged, since evidence of it is missing. */
  missing: string[];
}

/** A meeting of the machines of two hosts. */
type HostsMeeting = Meeting & { hosts: [string, string] };

/** The machines of two hosts at a position that both have reached. */
export interface ComparedHosts {
  hosts: [string, string];
  comparison: Comparison;
  /** There the second one went live in place of the first. */
  isChange: boolean;
}

/** The evidence of one group's run. */
export class RealRun {
  private readonly hosts: Hosts;
  private readonly storage: StorageEvidence;
  private readonly survivor: MachinePart;
  private readonly missing: string[] = [];

  /** @throws {OperatingError} when nothing can be judged */
  constructor(
    private readonly files: GroupFiles,
    private readonly execution?: Execution,
  ) {
    const { group } = files;
    this.hosts = new Hosts(files.hosts);
    this.storage = new StorageEvidence(files.storages, sectorsOf(files.description) * SECTOR_BYTES);
    if (this.hosts.boots > 1)
      throw new OperatingError(
        `there is evidence of ${this.hosts.boots} VMs of group ${group}; each needs a directory of its own`,
      );
    const newest = Math.max(0, ...this.hosts.lives.map(({ generation }) => generation));
    const survivor = this.hosts.survivor(this.records.get(newest)?.primary);
    if (!survivor)
      throw new OperatingError(`there is no evidence of a host on which group ${group} was live`);
    this.survivor = survivor;
  }

  /** Storage's records of generations; where its evidence is missing, those that hosts have won. */
  private get records(): ReadonlyMap<number, GenerationRecord> {
    const { storage, hosts } = this;
    if (storage.generations.size > 0 && storage.isWhole) return storage.generations;
    return new Map([...hosts.won, ...storage.generations]);
  }

  /**
   * The history of the machine that was live last, from boot to its end, as a recording has it.
   */
  get history(): Kept<Entry> {
    const { hosts, survivor } = this;
    const history = hosts.history(survivor, true);
    const { state } = survivor;
    return {
      isWhole: history.isWhole,
      *[Symbol.iterator]() {
        yield* history;
        if (!state) return;
        const { icount, made, hash } = state;
        yield { kind: 'output', icount, made };
        yield { kind: 'check', icount, hash };
      },
    };
  }

  /** How the last machine ended; undefined if its host has not said. */
  get end(): MachinePart['state'] {
    return this.survivor.state;
  }

  /** What the checkers say. */
  judge(): Verdict {
    const { files, survivor, hosts, storage, missing } = this;
    const { description, group } = files;
    this.noteUnusable();
    const found = [...hosts.violations, ...storage.violations, ...this.checkLives()];
    const gap = hosts.missing(survivor);
    if (gap !== undefined) missing.push(gap);
    const violations = gap === undefined ? this.replayed(found) : found;
    return {
      ...{ group, program: description.program, survivor: survivor.host, icount: survivor.icount },
      outcome: survivor.stopped === 'completed' ? 'completed' : 'open',
      generations: hosts.lives.at(-1)!.generation,
      failovers: this.changes.length,
      stateHash: survivor.state?.hash,
      ...{ violations, missing },
    };
  }

  /** The host that storage names as the next primary, if it may have gone live unrecorded. */
  private get successor(): string | undefined {
    const { survivor, hosts, records, files } = this;
    const newest = Math.max(...records.keys());
    if (survivor.stopped === 'completed' || newest <= hosts.lives.at(-1)!.generation) return undefined;
    const { primary } = records.get(newest)!;
    const own = files.hosts.filter(({ head }) => head.name === primary);
    const isKnown = own.length > 0 && own.every(({ end }) => end === 'closed');
    return primary === survivor.host || isKnown ? undefined : primary;
  }

  /** The files' ends are known once all of them are read. */
  private noteUnusable(): void {
    const { hosts, switches, storages, group, description } = this.files;
    // A switch's file is read to its end by whoever needs it.
    for (const file of switches) for (const _ of file);
    for (const { end, path } of [...hosts, ...switches, ...storages]) {
      if (end && typeof end === 'object')
        this.missing.push('damaged' in end ? end.damaged : `${path} is incomplete: ${end.incomplete}`);
    }
    if (switches.length === 0) this.missing.push(`there is no evidence of the switch of group ${group}`);
    if (storages.length === 0) this.missing.push(`there is no evidence of the storage of group ${group}`);
    else if (sectorsOf(description) > 0 && !this.storage.hasDisk)
      this.missing.push(`there is no evidence of the initial content of the disk of group ${group}`);
    const { survivor, successor } = this;
    if (successor !== undefined)
      this.missing.push(
        `${successor} was to go live after ${survivor.host}, and its evidence ends early: outputs after icount ${survivor.icount} are not judged`,
      );
    else if (!survivor.state)
      this.missing.push(
        `${survivor.host}, which was live last, did not end in order: outputs after icount ${survivor.icount} are not judged`,
      );
  }

  /** In a generation at most one VM is live. */
  private checkLives(): Violation[] {
    const { records } = this;
    const checker = new OneLiveChecker({ read: (generation) => records.get(generation) });
    for (const { generation, part } of this.hosts.lives) checker.live(part.host, generation);
    return checker.violations;
  }

  private replayed(found: Violation[]): Violation[] {
    const { files, survivor, storage, execution } = this;
    const { description } = files;
    const history = this.history;
    const isEnd = survivor.state !== undefined && this.successor === undefined;
    const made = isEnd ? Number.MAX_SAFE_INTEGER : this.outputsMade(history);
    const seen = new SwitchEvidence(files.switches, made);
    if (seen.hasUnjudgedFrames)
      this.missing.push('the switch was killed: frames that left after its restart are not judged');
    const isWhole = this.hasSwitch && !seen.hasUnjudgedFrames;
    const inbound = seen.inbound(history);
    const outside = { typed: seen.typed, console: seen.console, inbound, frames: seen.frames };
    // Of what is incomplete, not even the order is known.
    if (!this.hasSwitch) Object.assign(outside, { console: NOTHING, frames: NOTHING });
    const evidence: Evidence = {
      description,
      outcome: survivor.stopped === 'completed' && isWhole ? 'completed' : 'limit',
      found,
      survivor: { host: survivor.host, history, icount: survivor.icount },
      meeting: undefined,
      ...outside,
      medium: storage.medium(made),
      clients: { calls: [], errors: [] },
      waiting: [],
      generation: this.hosts.lives.at(-1)!.generation,
      unharmed: [],
    };
    const violations = judge(evidence, execution).filter(({ invariant }) => this.isKnown(invariant));
    const meetings = this.meetings();
    return [
      ...violations,
      ...meetings.flatMap((meeting) => checkMeeting({ description, meeting }, execution)),
    ];
  }

  private get hasSwitch(): boolean {
    const { switches } = this.files;
    return switches.length > 0 && switches.every(isUsable);
  }

  /** Nothing is said of what there is no evidence of. */
  private isKnown(invariant: Violation['invariant']): boolean {
    const { storage, files } = this;
    if (invariant === 'input-once') return this.hasSwitch;
    if (invariant !== 'disk-covered') return true;
    return storage.isWhole && (storage.hasDisk || sectorsOf(files.description) === 0);
  }

  /** Outputs that the survivor has made at the end of what is known of it. */
  private outputsMade(history: Iterable<Entry>): number {
    const { survivor, files, execution } = this;
    const { icount } = survivor;
    try {
      const timeline = new Timeline(files.description, history, { end: icount, execution });
      return timeline.seek(icount, 'after').machine.outputsMade;
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      return Number.MAX_SAFE_INTEGER;
    }
  }

  /** Each change of the live machine. */
  private get changes(): { from: Life; to: Life }[] {
    const { lives } = this.hosts;
    return lives.flatMap((to, index) => {
      const from = lives[index - 1];
      return from && from.part !== to.part && from.generation < to.generation ? [{ from, to }] : [];
    });
  }

  /** Where machines that were live one after the other were the same for the last time. */
  private meetings(): HostsMeeting[] {
    return this.changes.flatMap(({ from, to }) => {
      // If it never followed the other one, they differ from where that one went live.
      const forkIcount = to.leader === from.part.host ? to.icount : from.icount;
      return this.meeting(from.part, to.part, Math.min(to.icount, from.part.icount, forkIcount));
    });
  }

  private meeting(a: MachinePart, b: MachinePart, icount: number): HostsMeeting[] {
    const { hosts } = this;
    if (hosts.missing(a) !== undefined || hosts.missing(b) !== undefined) return [];
    return [{ hosts: [a.host, b.host], a: hosts.history(a), b: hosts.history(b), icount }];
  }

  /**
   * Two machines side by side: where the primary changed for the last time, or else where the last primary and one that
   * followed it end. Undefined if there was only one, or if evidence of the other one is missing.
   */
  compared(): ComparedHosts | undefined {
    const { survivor, hosts, files, execution } = this;
    const change = this.meetings().at(-1);
    const follower = hosts.parts.findLast(
      ({ host, icount, generations }) => host !== survivor.host && icount > 0 && generations.length === 0,
    );
    const isEnd = !change && this.changes.length === 0 && follower !== undefined;
    const [meeting] = change
      ? [change]
      : isEnd
        ? this.meeting(survivor, follower, Math.min(survivor.icount, follower.icount))
        : [];
    const comparison = meeting && compareLast({ description: files.description, meeting }, execution);
    return comparison && { hosts: meeting.hosts, comparison, isChange: change !== undefined };
  }
}
