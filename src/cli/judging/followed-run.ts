/** The recording of a protected VM, made out of the evidence of its hosts while they write it. */
import { OperatingError } from '../../base/errors.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { RecordingWriter } from '../../replay/recorder.ts';
import type { Entry } from '../../vmm/entries.ts';
import { type EvidenceFile, isUsable, newHostFiles } from './files.ts';
import { Hosts, type MachinePart } from './hosts.ts';

/** The machine that is live, as far as it is recorded. */
export interface LiveMachine {
  host: string;
  generation: number;
  icount: number;
}

/** See the head of this file. */
export class FollowedRun {
  private readonly files: EvidenceFile[] = [];
  private readonly seen = new Set<string>();
  private readonly hosts: Hosts;
  /** The machine that is recorded. */
  private part: MachinePart | undefined;
  private writer: RecordingWriter | undefined;
  /** What is missing to go on, in words; undefined while nothing is. */
  missing: string | undefined;

  /**
   * @param directory with the evidence
   * @param begin makes the recording, when it is known which machine is live
   * @param changed is told which machine is recorded from now on
   */
  constructor(
    private readonly directory: string,
    private readonly group: string,
    private readonly begin: () => RecordingWriter,
    private readonly changed: (live: LiveMachine) => void = () => {},
  ) {
    this.hosts = new Hosts([], (part, entry) => {
      if (part === this.part) this.writer?.append(entry);
    });
  }

  /**
   * Records what was added to the evidence. `over`: nothing follows, since the guest has switched off or all hosts, in
   * their last lives, have ended in order.
   * @throws {OperatingError} when the evidence is of several VMs, or what it has of the live machine is damaged
   */
  look(): 'waiting' | 'over' {
    const { hosts, files, directory, group } = this;
    const added = newHostFiles(directory, group, this.seen);
    files.push(...added);
    hosts.readOn(added);
    if (hosts.boots > 1)
      throw new OperatingError(
        `${directory} has evidence of ${hosts.boots} VMs of group ${group}; each needs a directory of its own`,
      );
    this.choose();
    const isOver = this.isOver;
    if (isOver) this.end();
    this.writer?.flush();
    this.mustBeUsable();
    return isOver ? 'over' : 'waiting';
  }

  /** Writes everything recorded so far; waits for the boot images. @throws {OperatingError} when one can't be kept */
  complete(): void {
    this.writer?.complete();
  }

  /** The machine that is recorded. */
  get live(): LiveMachine | undefined {
    const { part } = this;
    return part && { host: part.host, generation: part.generations.at(-1) ?? 0, icount: part.icount };
  }

  /** The record of the newest generation that a host has won. */
  private get newest(): GenerationRecord | undefined {
    const { won } = this.hosts;
    return won.get(Math.max(0, ...won.keys()));
  }

  /** Goes on with the machine that is live now: the recording is cut where its history differs. */
  private choose(): void {
    const { hosts, part } = this;
    const live = hosts.survivor(this.newest?.primary);
    if (!live) {
      this.missing = `there is no evidence yet of a host on which group ${this.group} is live`;
      return;
    }
    // A file may be behind another one that goes on with its history.
    this.missing = hosts.missing(live);
    if (live === part || this.missing !== undefined) return;
    // A backup has no hashes of its states: those of the machine before it are its own, as far as it has its history.
    this.writer ??= this.begin();
    this.writer.continueAs(hosts.history(live, true), ({ kind }) => kind === 'check');
    this.part = live;
    this.changed(this.live!);
  }

  private get isOver(): boolean {
    const { part, files } = this;
    if (!part?.state || this.missing !== undefined) return false;
    if (part.stopped === 'completed') return true;
    // An earlier life of a host may have been killed; and of a member, the file may not be there yet.
    const last = new Map(files.map((file) => [file.head.name, file]));
    const { primary, backups } = this.newest!;
    return [primary, ...backups, ...last.keys()].every((name) => last.get(name)?.end === 'closed');
  }

  private end(): void {
    for (const entry of endOf(this.part!)) this.writer?.append(entry);
  }

  /** What a host writes is not continued where it is damaged. */
  private mustBeUsable(): void {
    const { part } = this;
    if (!part || isUsable(part.file)) return;
    const { path, end } = part.file;
    const why =
      typeof end === 'object' && 'incomplete' in end ? `${path} is incomplete: ${end.incomplete}` : path;
    throw new OperatingError(
      `${typeof end === 'object' && 'damaged' in end ? end.damaged : why}; recorded up to icount ${part.icount}`,
    );
  }
}

/** The last entries of a recording, which a replay verifies. */
function endOf({ state }: MachinePart): Entry[] {
  const { icount, made, hash, code } = state!;
  return [
    { kind: 'output', icount, made },
    { kind: 'check', icount, hash },
    { kind: 'control', icount, action: 'end', value: code },
  ];
}
