/** The events of a run, converted to the library's types. */
import type { GenerationRecord } from '../ft/effects.ts';
import { describeEvent } from '../report/event-text.ts';
import { plainText } from '../report/styled-text.ts';
import type { SimEvent } from '../sim/cluster/cluster.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import type { Naming } from '../symbols/naming.ts';
import { describeEntry } from '../vmm/entries.ts';
import { hashText } from './machine-view.ts';
import type { EventContent, Members, RunEvent } from './types.ts';

const membersOf = ({ primary, backups }: GenerationRecord): Members => ({ primary, backups: [...backups] });

/** An event as the library presents it. @param naming names the guest's addresses in its text */
export const runEvent = ({ atNs, host, event }: SimEvent, naming: Naming): RunEvent => ({
  ...contentOf(event),
  atNs,
  host,
  text: plainText(describeEvent(event, naming)),
});

/**
 * Kinds with equal fields in both types are copied; of the others only plain values remain, or their text. Long: a case
 * for each of those.
 */
function contentOf(event: SimEvent['event']): EventContent {
  switch (event.kind) {
    case 'held': {
      const { kind, first, last, entry } = event;
      return { kind, first, last, entry };
    }
    case 'released':
      return { kind: event.kind, first: event.first, last: event.last };
    case 'sent': {
      const { entries: _, ...sent } = event;
      return sent;
    }
    case 'claimed':
    case 'won':
    case 'members': {
      const { record, ...rest } = event;
      return { ...rest, members: membersOf(record) };
    }
    case 'live': {
      const { history: _, ...live } = event;
      return live;
    }
    case 'installed': {
      const { history: _, ...installed } = event;
      return installed;
    }
    case 'copied': {
      const { entry: _, ...copied } = event;
      return copied;
    }
    case 'checked':
      return { kind: event.kind, icount: event.icount, stateHash: hashText(event.hash) };
    case 'diverged': {
      const { icount, pc, found, expected } = event.divergence;
      return { kind: event.kind, icount, pc, found, expected: expected && describeEntry(expected) };
    }
    case 'command':
      return { kind: event.kind, command: event.command.kind };
    case 'fault':
      return { kind: event.kind, fault: faultText(event.fault), phase: event.phase, icount: event.icount };
    default:
      return event;
  }
}
