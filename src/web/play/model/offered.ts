/** The faults that are offered for a part of the cluster. */
import { durationText } from '../../../sim/faults/fault-text.ts';
import { STORAGE } from '../../../sim/faults/faults.ts';

/** A fault, as text, and what it is called. */
export interface Offer {
  name: string;
  fault: string;
}

/** Part of the cluster: a host, storage, or the link between two nodes. */
export type Part = readonly [node: string] | readonly [node: string, other: string];

/** What can happen to a part at a time. */
export function offersFor(part: Part, atNs: number): Offer[] {
  const at = durationText(Math.round(atNs));
  const [a, b] = part;
  if (b !== undefined)
    return [
      { name: 'cut for 20 ms', fault: `partition:${a}-${b}@${at}+20ms` },
      { name: `cut ${a} → ${b}`, fault: `partition:${a}>${b}@${at}+20ms` },
      { name: `cut ${b} → ${a}`, fault: `partition:${b}>${a}@${at}+20ms` },
      { name: '2 ms slower', fault: `delay:${a}-${b}@${at}+20ms=2ms` },
      { name: 'lose half the heartbeats', fault: `lose:${a}-${b}@${at}+20ms=0.5` },
      { name: 'break the stream', fault: `reset:${a}-${b}@${at}` },
    ];
  if (a === STORAGE)
    return [
      { name: 'no answer for 20 ms', fault: `outage:storage@${at}+20ms` },
      { name: 'restart', fault: `restart:storage@${at}+2ms` },
      { name: 'answers twice', fault: `answers:storage@${at}+20ms=twice` },
      { name: 'answers late', fault: `answers:storage@${at}+20ms=late` },
    ];
  return [
    { name: 'crash', fault: `crash:${a}@${at}` },
    { name: 'crash, and restart', fault: `crash:${a}@${at}+20ms` },
    { name: 'pause for 30 ms', fault: `pause:${a}@${at}+30ms` },
    { name: 'a tenth of its speed', fault: `slow:${a}@${at}+20ms=0.1` },
    { name: 'clock 3 ms back', fault: `clock:${a}@${at}=-3ms` },
    { name: 'flip a bit', fault: `flip:${a}@${at}=4096.3` },
  ];
}
