/**
 * Checkers: they stand outside the protocol, see only what leaves the hosts and what reaches them, and say when what must always hold
 * does not.
 */
import type { Effect } from '../ft/effects.ts';
import { decodeMessage } from '../ft/messages.ts';
import type { Role } from '../ft/replica.ts';
import { describeEntry, type Entry } from '../vmm/entries.ts';
import type { MachineDescription } from '../vmm/machine.ts';
import { lastOf, type Output } from '../vmm/outputs.ts';
import { type Comparison, consoleBytes, rebuild } from './evidence.ts';
import type { HostId } from './faults.ts';
import type { Storage } from './storage.ts';

export interface Violation {
  invariant:
    | 'output-rule'
    | 'one-live'
    | 'same-machine'
    | 'outputs-explained'
    | 'input-once'
    | 'acknowledged-requests';
  message: string;
}

/** No output leaves a primary that has a backup before that backup holds the entry that explains it. */
export class OutputRuleChecker {
  /** The last output that the entries which reached the backup explain. */
  private explained = 0;
  readonly violations: Violation[] = [];

  /** A message of the primary has reached the backup's host. */
  arrived(bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (message.kind !== 'entries') return;
    for (const entry of message.entries)
      if (entry.kind === 'output') this.explained = Math.max(this.explained, entry.made);
  }

  released(role: Role, { outputs }: Effect & { do: 'release' }): void {
    const last = lastOf(outputs.at(-1)!);
    if (role !== 'primary' || last <= this.explained || this.violations.length > 0) return;
    this.violations.push({
      invariant: 'output-rule',
      message: `output ${last} left the primary, but the backup holds entries only for outputs up to ${this.explained}`,
    });
  }
}

/** In a generation at most one VM is live, and it is the one that storage names. */
export class OneLiveChecker {
  readonly violations: Violation[] = [];

  constructor(private readonly storage: Storage) {}

  live(host: HostId, generation: number): void {
    const record = this.storage.read(generation);
    if (record?.primary === host) return;
    const owner = record ? `belongs to ${record.primary}` : 'was never claimed';
    this.violations.push({
      invariant: 'one-live',
      message: `${host} is live in generation ${generation}, which ${owner}`,
    });
  }
}

/** Where both machines stood as one, they are the same in every bit. */
export function checkSameMachine(comparison: Comparison | undefined): Violation[] {
  if (!comparison || comparison.difference.equal) return [];
  const { difference, firstDifference } = comparison;
  const parts = [
    ...difference.registers.filter(({ equal }) => !equal).map(({ name }) => name),
    ...difference.devices,
    ...difference.pages.map((address) => `page 0x${address.toString(16)}`),
  ];
  const first = firstDifference
    ? `; the first entry that differs is ${describeEntry(firstDifference.a)} on the primary, ${describeEntry(firstDifference.b)} on the backup`
    : '';
  return [
    {
      invariant: 'same-machine',
      message: `at icount ${difference.icount} the machines differ in ${parts.slice(0, 6).join(', ')}${parts.length > 6 ? ` and ${parts.length - 6} more` : ''}${first}`,
    },
  ];
}

/**
 * What the world saw is what one faultless machine makes of the history of the machine that lived last: all of it when the guest
 * ended, else a beginning of it.
 */
export function checkOutputs(
  description: MachineDescription,
  history: readonly Entry[],
  icount: number,
  seen: { console: Uint8Array; frames: number },
  complete: boolean,
): Violation[] {
  const { outputs } = rebuild(description, history, icount, 'after');
  const expected = consoleBytes(outputs);
  const frames = outputs.filter((output: Output) => output.kind === 'frame').length;
  const fail = (message: string): Violation[] => [{ invariant: 'outputs-explained', message }];
  const wrong = seen.console.findIndex((byte, index) => byte !== expected[index]);
  if (wrong >= 0)
    return fail(
      `console byte ${wrong + 1} is ${quote(seen.console, wrong)}; a machine with the same history prints ${quote(expected, wrong)}`,
    );
  if (complete && seen.console.length < expected.length)
    return fail(
      `${expected.length - seen.console.length} console bytes were lost, from byte ${seen.console.length + 1} on: ${quote(expected, seen.console.length)}`,
    );
  if (complete && seen.frames !== frames)
    return fail(`${seen.frames} frames left where the machine makes ${frames}`);
  return [];
}

/** What the guest was given is what was typed: from the beginning, no byte lost and none twice, whichever machine was live. */
export function checkInput(history: readonly Entry[], typed: Uint8Array): Violation[] {
  const given = history.flatMap((entry) => (entry.kind === 'console' ? [...entry.data] : []));
  const wrong = given.findIndex((byte, index) => byte !== typed[index]);
  if (wrong < 0) return [];
  const [got, expected] = [Uint8Array.from(given), typed].map((bytes) => quote(bytes, wrong));
  return [
    {
      invariant: 'input-once',
      message: `byte ${wrong + 1} that the guest was given is ${got}; typed was ${expected}`,
    },
  ];
}

/** Some bytes around a place, readable. */
const quote = (bytes: Uint8Array, at: number): string =>
  JSON.stringify(new TextDecoder().decode(bytes.subarray(Math.max(0, at - 10), at + 20)));
