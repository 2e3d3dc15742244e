/** Runs cases on both machines and tells what came of each. */
import type { Case } from './case.ts';
import { explain } from './explain.ts';
import type { Harness } from './harness.ts';
import type { Ours } from './ours.ts';
import type { Qemu } from './qemu.ts';
import { trace } from './trace.ts';

export type Verdict =
  | { is: 'same' }
  | { is: 'useless'; why: string }
  | { is: 'explained'; why: string }
  /** Nothing explains it; without a result QEMU did not come to an end. */
  | { is: 'different'; ours: BigUint64Array; qemu?: BigUint64Array };

export interface Judged {
  one: Case;
  verdict: Verdict;
}

/** What this machine makes of cases, before QEMU is asked. */
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

  /** Asks QEMU; one that does not come to an end costs the others of its batch nothing but time. */
  async finish({ judged, cases, results }: Prepared): Promise<Judged[]> {
    const done = [...judged];
    let from = 0;
    while (from < cases.length) {
      const batch = await this.qemu.run(cases.slice(from));
      batch.results.forEach((qemu, index) => {
        const [one, ours] = [cases[from + index]!, results[from + index]!];
        done.push({
          one,
          verdict: same(ours, qemu) ? { is: 'same' } : this.judge(one, { is: 'different', ours, qemu }),
        });
      });
      from += batch.results.length;
      if (from >= cases.length) break;
      done.push({
        one: cases[from]!,
        verdict: this.judge(cases[from]!, { is: 'different', ours: results[from]! }),
      });
      from++;
    }
    return done;
  }

  private judge(one: Case, different: Verdict): Verdict {
    const why = explain(trace(this.ours, one, this.harness.finish));
    return why === undefined ? different : { is: 'explained', why };
  }

  /** A case by itself: what came before on QEMU may have left something behind. */
  async alone(one: Case): Promise<Verdict> {
    const [judged] = await this.finish(this.prepare([one]));
    return judged!.verdict;
  }

  async all(cases: Iterable<Case>): Promise<Judged[]> {
    return this.finish(this.prepare(cases));
  }
}
