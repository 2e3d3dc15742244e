/** `DEBUG=vmft:*`: prints every input and effect of every replica on stderr, for those who work on the protocol. */
import { type StepPart, stepLines, stepParts } from '../report/step-text.ts';
import type { SimulationOptions } from '../sim/cluster/cluster.ts';
import { painterFor } from './terminal/paint.ts';

/**
 * The parts that a `DEBUG` variable names, as the debug package reads it: `vmft:*`, or `vmft:input`, `vmft:effect` and
 * `vmft:note`, separated by commas or blanks. Names of other programs are ignored.
 */
export function debugParts(variable: string | undefined): ReadonlySet<StepPart> {
  const names = (variable ?? '').split(/[\s,]+/);
  const all = names.some((name) => name === '*' || name === 'vmft' || name === 'vmft:*');
  return new Set(stepParts.filter((part) => all || names.includes(`vmft:${part}`)));
}

/** The option of a simulation that prints its steps, if `DEBUG` asks for it. */
export function debugging(): Pick<SimulationOptions, 'onStep'> {
  const parts = debugParts(process.env.DEBUG);
  if (parts.size === 0) return {};
  const paint = painterFor(process.stderr);
  return {
    onStep: (step) => {
      for (const line of stepLines(step, parts)) process.stderr.write(`${paint(line)}\n`);
    },
  };
}
