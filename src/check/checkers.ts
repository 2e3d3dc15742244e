/**
 * Checkers of invariants. They are independent of the protocol: they observe only what leaves the hosts and what
 * reaches them.
 */
import type { Generations } from '../cluster/edge/generations.ts';
import type { Effect, HostName } from '../ft/effects.ts';
import { decodeMessage, kindOfMessage, type MessageOf } from '../ft/messages.ts';
import type { Comparison } from '../replay/comparison.ts';
import { describeEntry } from '../vmm/entries.ts';
import { lastOf } from '../vmm/outputs.ts';
import { type Call, checkLinearizable, describeHistory } from './linearizability.ts';

/** A violated invariant; `message` says where and how. `output`: the number of the output that shows it, if one does. */
export interface Violation {
  invariant:
    | 'output-rule'
    | 'one-live'
    | 'same-machine'
    | 'outputs-covered'
    | 'input-once'
    | 'disk-covered'
    | 'acknowledged-requests'
    | 'linearizable'
    | 'lag-bound'
    | 'guest-clock'
    | 'service';
  message: string;
  output?: number;
}

/** No output leaves before every member of the current generation holds the entry that covers it. */
export class OutputRuleChecker {
  /** For each host the last output covered by the entries that have reached it, even if it has lost them since. */
  private readonly covered = new Map<HostName, number>();
  readonly violations: Violation[] = [];

  constructor(private readonly generations: Pick<Generations, 'latest'>) {}

  /** A message has reached a host. */
  arrived(host: HostName, bytes: Uint8Array): void {
    if (kindOfMessage(bytes) !== 'entries') return;
    const message = decodeMessage(bytes) as MessageOf<'entries'>;
    for (const entry of message.entries) {
      if (entry.kind === 'output') this.holds(host, entry.made);
      if (entry.kind === 'checkpoint' && entry.outputs.length > 0)
        this.holds(host, lastOf(entry.outputs.at(-1)!));
    }
  }

  /** A host's machine has made, or was copied with, `made` outputs. */
  holds(host: HostName, made: number): void {
    this.covered.set(host, Math.max(this.covered.get(host) ?? 0, made));
  }

  /** An effect of a host has released outputs or a disk write. */
  released(host: HostName, effect: Effect & { do: 'release' | 'disk' }): void {
    if (effect.do === 'disk' && effect.request.operation !== 'write') return;
    this.left(host, effect.do === 'disk' ? effect.id : lastOf(effect.outputs.at(-1)!));
  }

  /** Outputs up to `last` have left a host. */
  left(host: HostName, last: number): void {
    if (this.violations.length > 0) return;
    const { primary, backups } = this.generations.latest;
    for (const member of [primary, ...backups]) {
      const known = this.covered.get(member) ?? 0;
      if (member === host || known >= last) continue;
      this.violations.push({
        invariant: 'output-rule',
        message: `output ${last} left ${host}, but ${member} holds entries only for outputs up to ${known}`,
        output: last,
      });
      return;
    }
  }
}

/** In a generation at most one VM is live, and it is the one that storage names. */
export class OneLiveChecker {
  readonly violations: Violation[] = [];

  constructor(private readonly generations: Pick<Generations, 'read'>) {}

  live(host: HostName, generation: number): void {
    const record = this.generations.read(generation);
    if (record?.primary === host) return;
    const owner = record ? `belongs to ${record.primary}` : 'was never claimed';
    this.violations.push({
      invariant: 'one-live',
      message: `${host} is live in generation ${generation}, which ${owner}`,
    });
  }
}

/** The number of differing registers, devices and pages that a message names. */
const SHOWN_PARTS = 6;

/** Two machines at the last position of their common history are equal in every bit. */
export function checkSameMachine(comparison: Comparison | undefined): Violation[] {
  if (!comparison || comparison.difference.equal) return [];
  const { difference, firstDifference } = comparison;
  const different = [
    ...difference.registers.filter(({ equal }) => !equal).map(({ name }) => name),
    ...difference.devices,
    ...difference.pages.map((address) => `page 0x${address.toString(16)}`),
  ];
  const shown = different.slice(0, SHOWN_PARTS).join(', ');
  const more = different.length > SHOWN_PARTS ? ` and ${different.length - SHOWN_PARTS} more` : '';
  const entries = firstDifference && [firstDifference.a, firstDifference.b].map(describeEntry);
  const first = entries
    ? `; the first entry that differs is ${entries[0]} on the primary, ${entries[1]} on the backup`
    : '';
  return [
    {
      invariant: 'same-machine',
      message: `at icount ${difference.icount} the machines differ in ${shown}${more}${first}`,
    },
  ];
}

/** The clients' calls are linearizable, and none of them has reported an error. */
export function checkClients(calls: readonly Call[], errors: readonly string[]): Violation[] {
  const found: Violation[] = errors.map((message) => ({ invariant: 'acknowledged-requests', message }));
  const offence = checkLinearizable(calls);
  if (offence === undefined || offence === 'undecided') return found;
  return [...found, { invariant: 'linearizable', message: describeHistory(offence).join('\n') }];
}
