/** Runs cases on both machines and compares the results. */
import type { Case } from './case.ts';
import { type Explanation, explain } from './explain.ts';
import type { Harness } from './harness.ts';
import { locks, type Ours } from './ours.ts';
import type { Qemu } from './qemu.ts';
import { trace } from './trace.ts';

export type Verdict =
  | { is: 'same'; result: BigUint64Array }
  | { is: 'useless'; why: string }
  | ({ is: 'explained' } & Explanation)
  /** Nothing explains it; without a result QEMU did not come to an end. */
  | { is: 'different'; ours: BigUint64Array; qemu?: BigUint64Array };

export interface Judged {
  one: Case;
  verdict: Verdict;
}

/** The results of this machine, before QEMU runs. */
export interface Prepared {
  judged: Judged[];
  cases: Case[];
  results: BigUint64Array[];
}

const same = (a: BigUint64Array, b: BigUint64Array): boolean =>
  a.length === b.length && a.every((word, index) => word === b[index]);

export class Comparison {
  constructor(
    private readonly harness: Harness,
    private readonly ours: Ours,
    private readonly qemu: Qemu,
  ) {}

  prepare(all: Iterable<Case>): Prepared {
    const prepared: Prepared = { judged: [], cases: [], results: [] };
    for (const one of all) {
      const outcome = this.ours.run(one);
      if (outcome.is === 'useless') prepared.judged.push({ one, verdict: outcome });
      else {
        prepared.cases.push(one);
        prepared.results.push(outcome.words);
      }
    }
    return prepared;
  }

  /** Runs QEMU. A case that hangs it, or disturbs the others of its batch, only costs time. */
  async finish({ judged, cases, results }: Prepared): Promise<Judged[]> {
    const done = [...judged];
    const judge = (index: number, qemu?: BigUint64Array) => {
      const [one, ours] = [cases[index]!, results[index]!];
      const isSame = qemu && same(ours, qemu);
      done.push({ one, verdict: isSame ? { is: 'same', result: ours } : this.judge(one, ours, qemu) });
    };
    for (let from = 0; from < cases.length; ) {
      const batch = await this.qemu.run(cases.slice(from));
      const spoilt = batch.findIndex(locks);
      const good = spoilt < 0 ? batch : batch.slice(0, spoilt + 1);
      for (const qemu of good) judge(from++, qemu);
      if (spoilt < 0 && from < cases.length) judge(from++);
    }
    return done;
  }

  private judge(one: Case, ours: BigUint64Array, qemu: BigUint64Array | undefined): Verdict {
    const explanation = explain(trace(this.ours, one, this.harness.finish));
    return explanation
      ? { is: 'explained', ...explanation }
      : { is: 'different', ours, ...(qemu && { qemu }) };
  }

  /** Runs a case alone: earlier cases may have left state in QEMU. */
  async alone(one: Case): Promise<Verdict> {
    const [judged] = await this.finish(this.prepare([one]));
    return judged!.verdict;
  }

  async all(cases: Iterable<Case>): Promise<Judged[]> {
    return this.finish(this.prepare(cases));
  }
}
