/** Says when the guest of a replay is stuck. */
import { addressText, type Naming } from '../../symbols/naming.ts';
import type { Machine } from '../../vmm/machine.ts';
import { type Stuck, StuckWatch, stuckText } from '../../vmm/stuck.ts';

/**
 * Watches the machine of a replay: to be called with it between two stretches.
 * @param say receives what the guest repeats, once, however often the replay goes back and comes there again
 */
export function watchReplay(naming: Naming, say: (text: string) => void): (machine: Machine) => void {
  const watch = new StuckWatch();
  const said = new Set<string>();
  return (machine) => {
    const stuck = watch.sample(machine);
    if (!stuck || said.has(keyOf(stuck))) return;
    said.add(keyOf(stuck));
    say(stuckText(stuck, (address) => addressText(address, naming)));
  };
}

const keyOf = ({ how, pc, cause }: Stuck): string => `${how} ${pc} ${cause}`;
