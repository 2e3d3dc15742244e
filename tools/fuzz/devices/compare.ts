/** Runs cases on both machines and compares the results. */
import { INTERRUPT } from '../../../src/cpu/csrs.ts';
import { accessesOf, type Case } from './access.ts';
import { explain, hiddenRule, isSame, type Step } from './explain.ts';
import type { Ours } from './ours.ts';
import type { Qemu } from './qemu.ts';

/** The interrupts that devices raise. */
const SHOWN = (1 << INTERRUPT.MSI) | (1 << INTERRUPT.MTI) | (1 << INTERRUPT.SEI) | (1 << INTERRUPT.MEI);

export interface Judged {
  one: Case;
  /** The rules that explain differences. */
  explained: string[];
  /** The first access whose result is different and not explained; `ends`: QEMU did not terminate. */
  different?: { at: number; step: Step } | 'ends';
}

export class Comparison {
  constructor(
    private readonly ours: Ours,
    private readonly qemu: Qemu,
  ) {}

  async all(cases: readonly Case[]): Promise<Judged[]> {
    if (cases.length === 0) return [];
    const [onQemu, here] = await Promise.all([this.qemu.run(cases), cases.map((one) => this.ours.run(one))]);
    const judged = onQemu.map((results, index) => {
      const shown = (all: typeof results) => all.map((result) => ({ ...result, mip: result.mip & SHOWN }));
      return judge(cases[index]!, shown(here[index]!), shown(results));
    });
    // The next case did not terminate: the others are run without it.
    const stuck = cases[judged.length];
    if (stuck === undefined) return judged;
    return [
      ...judged,
      { one: stuck, explained: [], different: 'ends' },
      ...(await this.all(cases.slice(judged.length + 1))),
    ];
  }
}

function judge(one: Case, ours: Step['ours'][], qemu: Step['qemu'][]): Judged {
  const explained: string[] = [];
  const accesses = accessesOf(one);
  for (const [at, access] of accesses.entries()) {
    const step = { access, before: accesses.slice(0, at), ours: ours[at]!, qemu: qemu[at]! };
    const hidden = hiddenRule(step);
    if (hidden) return { one, explained: [...explained, hidden.why] };
    if (isSame(step)) continue;
    const rules = explain(step);
    if (rules === undefined) return { one, explained, different: { at, step } };
    explained.push(...rules.map(({ why }) => why));
    if (rules.some(({ stops }) => stops)) break;
  }
  return { one, explained };
}
