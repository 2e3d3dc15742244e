/** What the files of hosts say: which machines there were, and their histories, each from boot on. */
import type { Violation } from '../../check/checkers.ts';
import type { Kept } from '../../check/evidence.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { EvidenceOf, EvidenceRecord } from '../../host/evidence/format.ts';
import type { Entry } from '../../vmm/entries.ts';
import type { EvidenceFile } from './files.ts';
import { OutputRule } from './output-rule.ts';

/** A machine was live in a generation from a position on. */
export interface Life {
  generation: number;
  icount: number;
  part: MachinePart;
  /** The primary that its host followed before. */
  leader: string | undefined;
}

/** A machine of a host, from its boot or its copy until it was discarded. */
export interface MachinePart {
  host: string;
  file: EvidenceFile;
  /** Which one of the file's machines it is, from 0. */
  index: number;
  /** The number of entries of its history that are those of another machine, and the host of that one. */
  inherited: number;
  from: { host: string; generation: number } | undefined;
  /** The number of its own entries. */
  count: number;
  /** The last position that is known of it. */
  icount: number;
  /** The generations in which it was live. */
  generations: number[];
  /** The machine at its end, if the host has said that. */
  state: EvidenceOf<'state'> | undefined;
  stopped: 'completed' | 'diverged' | undefined;
}

/** Whether a record begins a machine. */
const beginsMachine = (record: EvidenceRecord): boolean =>
  record.kind === 'installed' || (record.kind === 'booted' && record.role !== 'spare');

/** How far a file was read. */
interface Reading {
  file: EvidenceFile;
  rule: OutputRule;
  /** The number of machines in it. */
  index: number;
  part: MachinePart | undefined;
  /** The primary that the host follows. */
  leader: string | undefined;
}

/** What a record says came through the doors of its machine, or the state that it had. */
const entriesOf = (record: EvidenceRecord): Entry[] =>
  record.kind === 'entries'
    ? record.entries
    : record.kind === 'checked'
      ? [{ kind: 'check', icount: record.icount, hash: record.hash }]
      : [];

/** All that the hosts' files say. */
export class Hosts {
  readonly parts: MachinePart[] = [];
  readonly lives: Life[] = [];
  readonly violations: Violation[] = [];
  /** The records of generations that hosts have won, and the first. */
  readonly won = new Map<number, GenerationRecord>();
  /** How often the VM was booted live. */
  boots = 0;

  private readonly readings: Reading[] = [];

  /** `came`: gets what comes through the doors of each machine while it is read, as {@link history} has it. */
  constructor(
    files: readonly EvidenceFile[],
    private readonly came: (part: MachinePart, entry: Entry) => void = () => {},
  ) {
    this.readOn(files);
    this.violations.push(...this.readings.flatMap(({ rule }) => rule.violations));
  }

  /** Reads what was added to the files, and these other files. */
  readOn(files: readonly EvidenceFile[] = []): void {
    for (const file of files)
      this.readings.push({
        ...{ file, rule: new OutputRule(file.head.name), index: 0 },
        ...{ part: undefined, leader: undefined },
      });
    for (const reading of this.readings) this.read(reading);
    this.lives.sort((a, b) => a.generation - b.generation);
  }

  private read(reading: Reading): void {
    const { file, rule } = reading;
    for (const record of file.more()) {
      rule.take(record);
      if (beginsMachine(record)) reading.part = this.begin(file, reading.index++, record);
      if (record.kind === 'booted') {
        this.won.set(1, record.first);
        reading.leader = record.first.primary;
      }
      if (record.kind === 'following') reading.leader = record.primary;
      if (record.kind === 'won') this.won.set(record.generation, record.record);
      if (reading.part) this.take(record, reading.part, reading.leader);
    }
  }

  private begin(file: EvidenceFile, index: number, record: EvidenceRecord): MachinePart {
    const copied = record.kind === 'installed' ? record : undefined;
    const part: MachinePart = {
      ...{ host: file.head.name, file, index, count: 0, generations: [] },
      inherited: copied?.history ?? 0,
      from: copied && { host: copied.from, generation: copied.generation },
      icount: copied?.icount ?? 0,
      ...{ state: undefined, stopped: undefined },
    };
    this.parts.push(part);
    return part;
  }

  private take(record: EvidenceRecord, part: MachinePart, leader: string | undefined): void {
    const live = (generation: number, icount: number) => {
      part.generations.push(generation);
      this.lives.push({ generation, icount, part, leader });
    };
    if ('icount' in record) part.icount = Math.max(part.icount, record.icount);
    for (const entry of entriesOf(record)) this.came(part, entry);
    switch (record.kind) {
      case 'booted':
        if (record.role !== 'primary') return;
        this.boots++;
        return live(1, 0);
      case 'live':
      case 'members':
        return live(record.generation, record.icount);
      case 'entries':
        part.count += record.entries.length;
        part.icount = Math.max(part.icount, record.entries.at(-1)?.icount ?? 0);
        return;
      case 'stopped':
        part.stopped = record.reason;
        if (record.reason === 'diverged')
          this.violations.push({
            invariant: 'same-machine',
            message: `the machine of ${part.host} differed from its log at icount ${part.icount} or later`,
          });
        return;
      case 'state':
        part.state = record;
    }
  }

  /** The machine that completed the run, or was live last; undefined if none was. `owner`: of the last generation. */
  survivor(owner: string | undefined): MachinePart | undefined {
    const last = this.lives.at(-1);
    if (!last) return undefined;
    const inLast = this.lives.filter(({ generation }) => generation === last.generation);
    const { part } = inLast.find(({ part }) => part.host === owner) ?? last;
    if (part.stopped === 'completed') return part;
    return this.parts.find(({ stopped }) => stopped === 'completed') ?? part;
  }

  /** The machine whose history another one's begins with. */
  private source({ from }: MachinePart): MachinePart | undefined {
    if (!from) return undefined;
    let best: { generation: number; part: MachinePart } | undefined;
    for (const { generation, part } of this.lives)
      if (part.host === from.host && generation <= from.generation) best = { generation, part };
    return best?.part;
  }

  /** What is missing of a machine's first `count` entries, in words; undefined if nothing is. */
  missing(part: MachinePart, count = part.inherited + part.count): string | undefined {
    if (part.inherited + part.count < count)
      return `the history of ${part.host} in ${part.file.path} ends after ${part.inherited + part.count} entries, and ${count} of it are needed`;
    if (!part.from) return undefined;
    const source = this.source(part);
    if (!source)
      return `${part.host} got its machine from ${part.from.host}, of which there is no evidence in generation ${part.from.generation}`;
    return this.missing(source, Math.min(count, part.inherited));
  }

  /** A machine's history from boot on. `marked`: with the checks of the live machines' states. */
  history(part: MachinePart, marked = false): Kept<Entry> {
    const entries = () => this.entries(part, part.inherited + part.count, marked);
    return { isWhole: this.missing(part) === undefined, [Symbol.iterator]: entries };
  }

  private *entries(part: MachinePart, count: number, marked: boolean): Generator<Entry, void> {
    const source = this.source(part);
    if (source) yield* this.entries(source, Math.min(count, part.inherited), marked);
    const isAll = count === part.inherited + part.count;
    let left = isAll ? Number.POSITIVE_INFINITY : count - part.inherited;
    let index = -1;
    for (const record of part.file) {
      if (left <= 0 || index > part.index) return;
      if (beginsMachine(record)) index++;
      if (index !== part.index) continue;
      if (record.kind === 'checked' && !marked) continue;
      for (const entry of entriesOf(record)) {
        if (record.kind === 'entries' && left-- <= 0) return;
        yield entry;
      }
    }
  }
}
