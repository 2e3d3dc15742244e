/** Describes an event of a run in one line. */
import type { GenerationRecord } from '../ft/effects.ts';
import type { SimEvent, WorldEvent } from '../sim/cluster/cluster.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import type { FoundEvent } from '../sim/trace/events.ts';
import { addressText, type Naming, UNNAMED } from '../symbols/naming.ts';
import { describeEntry } from '../vmm/entries.ts';
import { stuckText } from '../vmm/stuck.ts';
import { divergenceText } from './divergence.ts';
import { type Line, line, styled } from './styled-text.ts';

/** A time of nanoseconds, as milliseconds. */
export const ms = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms`;

const MAX_TEXT = 44;
function shown(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.length > MAX_TEXT ? `${quoted.slice(0, MAX_TEXT - 2)}…"` : quoted;
}

/** Text of outputs with a space after it; nothing if it is not known. */
const quoted = (text: string): string => (text === '' ? '' : `${shown(text)} `);

const members = ({ primary, backups }: GenerationRecord): string =>
  backups.length > 0 ? `${primary} with ${backups.join(', ')}` : `${primary} alone`;

const span = ({ first, last }: { first: number; last: number }): string =>
  first === last ? `output ${first}` : `outputs ${first}–${last}`;

/** A new primary cannot know which pending outputs the old one released, so it releases all of them (2.2). */
const againText = (pending: number): string =>
  pending > 0
    ? `; re-releases ${pending} output${pending === 1 ? '' : 's'} that may have been delivered`
    : '';

/**
 * The event in words, without its time and host. Long: a case for each kind of event.
 * @param naming names the guest's addresses
 */
export function describeEvent(event: SimEvent['event'] | FoundEvent, naming: Naming = UNNAMED): Line {
  switch (event.kind) {
    case 'booted':
      return [`booted as the ${event.role}`];
    case 'held':
      return [
        `${span(event)} ${quoted(event.text)}`,
        styled('warning', 'held'),
        ` until entry ${event.entry} is acknowledged`,
      ];
    case 'sent':
      return [
        `entries ${event.first}–${event.last} sent, ${event.sizeBytes} bytes: ${event.entries.map(describeEntry).join('; ')}`,
      ];
    case 'received':
      return [`entries up to ${event.last} received, acknowledged; ${event.consumed} consumed`];
    case 'acknowledged':
      return [`entries up to ${event.received} acknowledged, ${event.consumed} consumed`];
    case 'released':
      return [`${span(event)} ${quoted(event.text)}`, styled('good', 'released')];
    case 'full':
      return line(
        'warning',
        event.what === 'log'
          ? 'the log buffer is full: the guest is blocked until the backup catches up'
          : 'the output buffer is full: the guest is blocked until more outputs are delivered',
      );
    case 'suspected':
      return line(
        'warning',
        event.closed
          ? `${event.host} is suspected: its connection was closed`
          : `${event.host} is suspected: nothing heard for ${ms(event.silentNs)}`,
      );
    case 'claimed':
      return [`test-and-set on shared storage: generation ${event.generation}, ${members(event.record)}`];
    case 'won':
      return line('good', `the claim is won: generation ${event.generation}`);
    case 'lost':
      return line('bad', `the claim is lost: generation ${event.generation} belongs to ${event.to}`);
    case 'draining':
      return [`drains its log: ${event.entries} entries to consume, at icount ${event.icount}`];
    case 'live':
      return line('live', `goes live at icount ${event.icount}${againText(event.pending)}`);
    case 'members':
      return line(
        'good',
        `generation ${event.generation} from icount ${event.icount}: ${members(event.record)}`,
      );
    case 'checked':
      return [`state hash ${event.hash.toString(16).padStart(16, '0')} at icount ${event.icount}`];
    case 'diverged':
      return line('alarm', `DIVERGED ${divergenceText(event.divergence, naming)}`);
    case 'void':
      return line('warning', `discards its machine, whose state the primary never had: ${event.why}`);
    case 'off':
      return [`the guest switched off at icount ${event.icount} with exit code ${event.code}`];
    case 'ended':
      return ['notified of the shutdown: does not go live'];
    case 'evicted':
      return line(
        'bad',
        `evicted from generation ${event.generation} of ${event.primary}: what it did since is void`,
      );
    case 'following':
      return [`follows ${event.primary} from entry ${event.entry}`];
    case 'joining':
      return [
        event.how === 'copy'
          ? `re-protection: copies the machine to ${event.host} while the guest runs`
          : `re-protection: ${event.host} needs only entries that are still in the log here`,
      ];
    case 'copying':
      return [`round ${event.round} of the copy to ${event.host}: ${event.pages} pages`];
    case 'copied':
      return [
        `the guest is paused at icount ${event.icount} for the last ${event.pages} pages and the state`,
      ];
    case 'join-ended':
      return line('warning', `the copy to ${event.host} is aborted: ${event.why}`);
    case 'installed':
      return [`has the full state of ${event.from}, at icount ${event.icount}`];
    case 'lag':
      return [`execution lag ${ms(event.ns)}, ${event.steps} steps`];
    case 'slowed':
      return [
        `the guest gets ${(event.perMille / 10).toFixed(1)} % of the processor, so that the backup keeps up`,
      ];
    case 'disk-issued':
      return [`disk operation ${event.id} ${event.again ? 'reissued' : 'issued'}`];
    case 'warned':
      return line('warning', `${event.device}, at icount ${event.icount}: ${event.message}`);
    case 'switching':
      return [`planned switch-over to ${event.to}: the guest is paused until nothing is in flight`];
    case 'command':
      return line('command', `operator command: ${event.command.kind}`);
    case 'stuck':
      return line(
        'warning',
        stuckText(event, (address) => addressText(address, naming)),
      );
    case 'delivered':
      return [`${span(event)} delivered to the ${event.what}`];
    case 'fault':
      return describeFault(event);
    case 'ends':
      return describeEnd(event);
    case 'restarted':
      return line('bad', `${event.what} was killed, and starts again`);
    case 'typed':
      return [`${shown(event.text)} typed at the console`];
    case 'inbound':
      return [`frame ${event.number} for the guest, ${event.sizeBytes} bytes`];
    case 'differs':
      return line('alarm', 'DIVERGED: its machine differs from its log');
  }
}

function describeEnd({ how, icount, why }: FoundEvent & { kind: 'ends' }): Line {
  const where = icount === undefined ? '' : `, at icount ${icount} or later`;
  switch (how) {
    case 'killed':
      return line('alarm', `its process is KILLED${where}`);
    case 'closed':
      return ['its process ends in order'];
    case 'unrecorded':
      return line('bad', `what it does from here on is not in the evidence: ${why}`);
  }
}

function describeFault({ fault, phase, icount, made }: WorldEvent & { kind: 'fault' }): Line {
  if (phase === 'ends') {
    if (fault.kind === 'pause') return ['resumes'];
    if (fault.kind === 'crash' || fault.kind === 'kill') return ['restarted empty'];
    return [`${faultText(fault)} is over`];
  }
  switch (fault.kind) {
    case 'domain':
      return line('alarm', `failure domain ${fault.domain} loses power`);
    case 'crash':
      return line('alarm', `CRASH at icount ${icount}, ${made} outputs made`);
    case 'kill':
      return line('alarm', `its process is KILLED at icount ${icount}, ${made} outputs made`);
    case 'pause':
      return line('bad', `paused at icount ${icount} for ${ms(fault.forNs)}`);
    case 'partition':
      return line(
        'bad',
        `the link ${fault.from}${fault.both ? '–' : '→'}${fault.to} is down for ${ms(fault.forNs)}`,
      );
    case 'delay':
      return line(
        'bad',
        `the link ${fault.from}–${fault.to} has ${ms(fault.extraNs)} more latency for ${ms(fault.forNs)}`,
      );
    case 'outage':
      return line('bad', `shared storage does not answer for ${ms(fault.forNs)}`);
    case 'restart':
      return line('bad', `shared storage restarts, and is down for ${ms(fault.forNs)}`);
    case 'answers':
      return line('bad', `shared storage answers ${fault.how} for ${ms(fault.forNs)}`);
    case 'command':
      return line('command', `the operator: ${faultText(fault)}`);
    default:
      return line('bad', faultText(fault));
  }
}
