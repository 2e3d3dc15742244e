/** The output rule, from what reached and left one host. */
import { OutputRuleChecker, type Violation } from '../../check/checkers.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { Cover, EvidenceRecord } from '../../host/evidence/format.ts';

/** More of the log than a replica keeps. */
const MAX_COVERS = 1 << 17;

/** Which outputs the log entries cover that a host has sent or received. */
class Covers {
  private list: Cover[] = [];

  /** Entries that an answer of a new primary makes void are forgotten. */
  cut(first: number): void {
    while (this.list.length > 0 && this.list.at(-1)!.entry >= first) this.list.pop();
  }

  add(covers: readonly Cover[]): void {
    for (const cover of covers) if (cover.entry > (this.list.at(-1)?.entry ?? -1)) this.list.push(cover);
    if (this.list.length > 2 * MAX_COVERS) this.list = this.list.slice(-MAX_COVERS);
  }

  /** The last output that entries up to this one cover. */
  upTo(entry: number): number {
    let [from, to] = [0, this.list.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.list[middle]!.entry <= entry) from = middle + 1;
      else to = middle;
    }
    return this.list[from - 1]?.made ?? 0;
  }
}

/**
 * Feeds the simulator's checker with one file. A host can know that another holds an entry only by an acknowledgement
 * that has arrived: that is what counts here.
 */
export class OutputRule {
  private readonly covers = new Covers();
  private readonly records = new Map<number, GenerationRecord>();
  private readonly checker: OutputRuleChecker;
  private readonly own: Violation[] = [];
  private generation = 0;
  private isPrimary = false;
  /** While storage has not answered, the claimed record may be in force. */
  private claimed: { generation: number; record: GenerationRecord } | undefined;
  private required: GenerationRecord;
  /** The last log entry that has arrived. */
  private held = 0;

  constructor(private readonly host: string) {
    this.required = { primary: host, backups: [] };
    const rule = this;
    this.checker = new OutputRuleChecker({
      get latest() {
        return rule.required;
      },
    });
  }

  get violations(): Violation[] {
    return [...this.checker.violations, ...this.own];
  }

  /** The next record of the file. Long: a case for each kind. */
  take(record: EvidenceRecord): void {
    const { covers } = this;
    switch (record.kind) {
      case 'booted':
        this.records.set(1, record.first);
        if (record.role === 'primary') this.leads(1);
        return;
      case 'sent':
        return covers.add(record.covers);
      case 'arrived':
        covers.cut(record.first);
        covers.add(record.covers);
        this.held = Math.max(this.held, record.last);
        return;
      case 'following':
        this.isPrimary = false;
        this.held = Math.max(this.held, record.entry);
        // The machine may be behind the log.
        covers.cut(record.entry + 1);
        return covers.add([{ entry: record.entry, made: Math.max(record.made, covers.upTo(record.entry)) }]);
      case 'claimed':
        this.claimed = record;
        return;
      case 'won':
        this.claimed = undefined;
        this.records.set(record.generation, record.record);
        if (this.isPrimary) this.leads(record.generation);
        return;
      case 'live':
        return this.leads(record.generation);
      case 'ack':
        if (record.generation === this.generation)
          this.checker.holds(record.from, covers.upTo(record.received));
        return;
      case 'acked':
        return this.acknowledges(record.received);
      case 'released':
        return this.left(record.last, record.generation);
      case 'disk-write':
        return this.left(record.id, record.generation);
    }
  }

  /** Outputs up to this one left. */
  private left(last: number, generation: number): void {
    this.required = this.inForce(generation);
    this.checker.left(this.host, last);
  }

  private leads(generation: number): void {
    this.isPrimary = true;
    this.generation = generation;
  }

  private inForce(generation: number): GenerationRecord {
    const { claimed, records, host } = this;
    const members = new Set(records.get(generation)?.backups);
    if (claimed?.generation === generation + 1) for (const one of claimed.record.backups) members.add(one);
    return { primary: host, backups: [...members] };
  }

  private acknowledges(received: number): void {
    if (received <= this.held || this.own.length > 0) return;
    const message = `${this.host} acknowledged log entries up to ${received}, when only those up to ${this.held} had reached it`;
    this.own.push({ invariant: 'output-rule', message });
  }
}
