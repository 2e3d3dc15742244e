/**
 * Checkers: they stand outside the protocol, see only what leaves the hosts and what reaches them, and say when what must always hold
 * does not.
 */
import { sameBytes } from '../../base/bytes.ts';
import { DISK_OK, SECTOR_BYTES } from '../../devices/device.ts';
import type { Effect } from '../../ft/effects.ts';
import { decodeMessage, kindOfMessage, type MessageOf } from '../../ft/messages.ts';
import { describeEntry, type Entry } from '../../vmm/entries.ts';
import { lastOf, type Output } from '../../vmm/outputs.ts';
import type { HostId } from '../faults/faults.ts';
import type { AppliedWrite } from '../world/disk.ts';
import type { Storage } from '../world/storage.ts';
import { type Comparison, consoleBytes } from './evidence.ts';
import { type Call, checkLinearizable, describeHistory } from './linearizability.ts';

export interface Violation {
  invariant:
    | 'output-rule'
    | 'one-live'
    | 'same-machine'
    | 'outputs-explained'
    | 'input-once'
    | 'disk-explained'
    | 'acknowledged-requests'
    | 'linearizable'
    | 'lag-bound'
    | 'service';
  message: string;
}

/** No output leaves before every member of the generation that stands holds the entry that explains it. */
export class OutputRuleChecker {
  /** For each host the last output that the entries which reached it explain, even if it has lost them since. */
  private readonly explained = new Map<HostId, number>();
  readonly violations: Violation[] = [];

  constructor(private readonly storage: Storage) {}

  /** A message has reached a host. */
  arrived(host: HostId, bytes: Uint8Array): void {
    if (kindOfMessage(bytes) !== 'entries') return;
    const message = decodeMessage(bytes) as MessageOf<'entries'>;
    for (const entry of message.entries) {
      if (entry.kind === 'output') this.holds(host, entry.made);
      if (entry.kind === 'checkpoint' && entry.outputs.length > 0)
        this.holds(host, lastOf(entry.outputs.at(-1)!));
    }
  }

  /** A host's machine has made, or has been given, so many outputs. */
  holds(host: HostId, made: number): void {
    this.explained.set(host, Math.max(this.explained.get(host) ?? 0, made));
  }

  released(host: HostId, effect: Effect & { do: 'release' | 'disk' }): void {
    if (this.violations.length > 0) return;
    if (effect.do === 'disk' && effect.request.operation !== 'write') return;
    const last = effect.do === 'disk' ? effect.id : lastOf(effect.outputs.at(-1)!);
    const { primary, backups } = this.storage.latest;
    for (const member of [primary, ...backups]) {
      const known = this.explained.get(member) ?? 0;
      if (member === host || known >= last) continue;
      this.violations.push({
        invariant: 'output-rule',
        message: `output ${last} left ${host}, but ${member} holds entries only for outputs up to ${known}`,
      });
      return;
    }
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
  outputs: readonly Output[],
  seen: { console: Uint8Array; frames: readonly { number: number; frame: Uint8Array }[] },
  complete: boolean,
): Violation[] {
  const expected = consoleBytes(outputs);
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
  const frames = outputs.filter((output) => output.kind === 'frame');
  for (const [index, { number, frame }] of seen.frames.entries()) {
    const own = frames[index];
    if (own?.first !== number)
      return fail(
        `frame ${number} left where a machine with the same history makes ${own ? `frame ${own.first}` : 'no more frames'}`,
      );
    if (!sameBytes(own.frame, frame))
      return fail(`frame ${number} holds other bytes than the machine with the same history makes`);
  }
  if (complete && seen.frames.length < frames.length)
    return fail(`${seen.frames.length} frames left where the machine makes ${frames.length}`);
  return [];
}

/** What the guest was given is what was typed: from the beginning, no byte lost and none twice, whichever machine was live. */
export function checkInput(history: readonly Entry[], typed: Uint8Array): Violation[] {
  let at = 0;
  for (const entry of history) {
    if (entry.kind !== 'console') continue;
    for (const byte of entry.data) {
      if (byte === typed[at++]) continue;
      const given = Uint8Array.from(history.flatMap((one) => (one.kind === 'console' ? [...one.data] : [])));
      return [
        {
          invariant: 'input-once',
          message: `byte ${at} that the guest was given is ${quote(given, at - 1)}; typed was ${quote(typed, at - 1)}`,
        },
      ];
    }
  }
  return [];
}

/**
 * The disk is what one faultless machine with the same history leaves: operations take effect in the order in which the guest
 * started them, each write once, each read shows the writes before it.
 */
export function checkDisk(
  outputs: readonly Output[],
  history: readonly Entry[],
  disk: { initial: Uint8Array; content: Uint8Array; writes: readonly AppliedWrite[] },
): Violation[] {
  const fail = (message: string): Violation[] => [{ invariant: 'disk-explained', message }];
  const ends = new Map(
    history.flatMap((entry) => (entry.kind === 'disk' ? [[entry.id, entry] as const] : [])),
  );
  const expected = new Uint8Array(disk.content.length);
  expected.set(disk.initial);
  const unsettled = new Set<number>();
  const writes = new Map<number, { sector: number; data: Uint8Array }>();
  for (const output of outputs) {
    if (output.kind !== 'disk' || output.request.operation === 'flush') continue;
    const { first: id, request } = output;
    const end = ends.get(id);
    const at = request.sector * SECTOR_BYTES;
    if (request.operation === 'write') {
      writes.set(id, request);
      if (end?.status === DISK_OK) expected.set(request.data, at);
      if (!end) for (let i = 0; i < request.data.length; i += SECTOR_BYTES) unsettled.add(at + i);
    } else if (end?.status === DISK_OK) {
      const there = expected.subarray(at, at + request.sizeBytes);
      if (!sameBytes(there, end.data!))
        return fail(`read ${id} of sector ${request.sector} shows something else than the writes before it`);
    }
  }
  const applied = new Set<number>();
  for (const { id, sector, data } of disk.writes) {
    const own = writes.get(id);
    if (applied.has(id)) return fail(`write ${id} to sector ${sector} was applied twice`);
    applied.add(id);
    if (!own || own.sector !== sector || !sameBytes(own.data, data))
      return fail(`write ${id} to sector ${sector} is none that a machine with the same history makes`);
  }
  for (let at = 0; at < expected.length; at += SECTOR_BYTES)
    if (
      !unsettled.has(at) &&
      !sameBytes(expected.subarray(at, at + SECTOR_BYTES), disk.content.subarray(at, at + SECTOR_BYTES))
    )
      return fail(
        `sector ${at / SECTOR_BYTES} holds something else than a machine with the same history leaves there`,
      );
  return [];
}

/** What the clients saw is what one server that serves one request at a time could have answered. */
export function checkClients(calls: readonly Call[], complaints: readonly string[]): Violation[] {
  const found: Violation[] = complaints.map((message) => ({ invariant: 'acknowledged-requests', message }));
  const offence = checkLinearizable(calls);
  if (offence === undefined || offence === 'undecided') return found;
  return [...found, { invariant: 'linearizable', message: describeHistory(offence).join('\n') }];
}

/** Some bytes around a place, readable. */
const quote = (bytes: Uint8Array, at: number): string =>
  JSON.stringify(new TextDecoder().decode(bytes.subarray(Math.max(0, at - 10), at + 20)));
