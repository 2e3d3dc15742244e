/** Verdicts on evidence: nothing is found in a correct run, and every change to its evidence is found. */
import { describe, expect, test } from 'vitest';
import type { Evidence, Kept } from '../../src/check/evidence.ts';
import { compareLast, judge, observe } from '../../src/check/verdict.ts';
import { SECTOR_BYTES } from '../../src/devices/device.ts';
import { LiveDoors, RecordingDoors } from '../../src/vmm/doors.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { chattyGuest, diskGuest, machineOf } from '../ft/guest.ts';
import { FakeWorld, recordRun } from '../ft/world.ts';

const kept = <T>(values: readonly T[], isWhole = true): Kept<T> => Object.assign([...values], { isWhole });
const isDoor = ({ kind }: Entry) => !['check', 'output', 'control'].includes(kind);
const nothing = new Uint8Array(0);

/** The evidence of a correct run, of a guest that uses its clock and its console. */
function completed(changed: Partial<Evidence> = {}): Evidence {
  const description = machineOf(chattyGuest);
  const typed = 'some words, and the end: q';
  const { entries, console, icount } = recordRun(description, 'verdict', typed);
  return {
    description,
    outcome: 'completed',
    found: [],
    survivor: { host: 'backup', history: kept(entries.filter(isDoor)), icount },
    meeting: undefined,
    typed: new TextEncoder().encode(typed),
    console: kept([new TextEncoder().encode(console)]),
    inbound: kept([]),
    frames: kept([]),
    medium: { initial: nothing, content: nothing, writes: kept([]) },
    clients: { calls: [], errors: [] },
    waiting: [],
    generation: 1,
    unharmed: [],
    ...changed,
  };
}

/** The same, of a guest that writes a sector and reads it back. */
function ofDisk(): Evidence {
  const description = machineOf(
    diskGuest([
      { operation: 'write', sector: 1 },
      { operation: 'read', sector: 1 },
    ]),
    8,
  );
  const entries: Entry[] = [];
  const live = new LiveDoors(new FakeWorld('disk'));
  const vmm = new Vmm(description, new RecordingDoors(live, (entry) => entries.push(entry)));
  const content = new Uint8Array(8 * SECTOR_BYTES);
  const writes: { id: number; sector: number; data: Uint8Array }[] = [];
  for (let slice = 0; slice < 10; slice++) {
    vmm.run(500);
    for (const output of vmm.machine.takeOutputs()) {
      if (output.kind !== 'disk') continue;
      const { first: id, request } = output;
      let data: Uint8Array = nothing;
      if (request.operation === 'write') {
        content.set(request.data, request.sector * SECTOR_BYTES);
        writes.push({ id, sector: request.sector, data: request.data });
      } else if (request.operation === 'read')
        data = content.slice(
          request.sector * SECTOR_BYTES,
          request.sector * SECTOR_BYTES + request.sizeBytes,
        );
      live.completed({ id, status: 0, data });
    }
  }
  return completed({
    description,
    outcome: 'limit',
    survivor: { host: 'backup', history: kept(entries), icount: vmm.icount },
    typed: nothing,
    console: kept([]),
    medium: { initial: new Uint8Array(8 * SECTOR_BYTES), content, writes: kept(writes) },
  });
}

const found = (evidence: Evidence): string[] => judge(evidence).map(({ invariant }) => invariant);
const withHistory = (evidence: Evidence, change: (entry: Entry, index: number) => Entry): Evidence => ({
  ...evidence,
  survivor: { ...evidence.survivor, history: kept([...evidence.survivor.history].map(change)) },
});

describe('a verdict', () => {
  test('finds nothing in a correct run', () => {
    expect([found(completed()), found(ofDisk())]).toEqual([[], []]);
  });

  test('keeps the violations that were found during the run', () => {
    const violation = { invariant: 'one-live', message: 'two' } as const;
    expect(judge(completed({ found: [violation] }))).toEqual([violation]);
  });

  test('finds keys that were not typed, and output that the machine does not make', () => {
    expect(found(completed({ typed: new TextEncoder().encode('some wards, and the end: q') }))).toContain(
      'input-once',
    );
    expect(found(completed({ console: kept([new TextEncoder().encode('?')]) }))).toEqual(['outputs-covered']);
  });

  test('finds a guest clock that runs backwards', () => {
    const evidence = completed();
    const clocks = [...evidence.survivor.history].filter(({ kind }) => kind === 'clock');
    const last = clocks.at(-1)!;
    expect(clocks.length).toBeGreaterThan(1);
    expect(
      found(
        withHistory(evidence, (entry) =>
          entry === last && 'ticks' in entry ? { ...entry, ticks: 0 } : entry,
        ),
      ),
    ).toContain('guest-clock');
  });

  test('finds a history that no machine can replay', () => {
    const [first, ...others] = completed().survivor.history;
    const history = kept([{ ...first!, icount: first!.icount + 1 }, ...others]);
    const { survivor } = completed();
    const [violation] = judge(completed({ survivor: { ...survivor, history } })).slice(-1);
    expect(violation).toMatchObject({
      invariant: 'outputs-covered',
      message: /no machine has the history of backup/,
    });
  });

  test('finds a wrong sector, and a read with wrong data', () => {
    const evidence = ofDisk();
    const { medium } = evidence;
    const content = medium.content.slice();
    content[SECTOR_BYTES]! ^= 1;
    expect(found({ ...evidence, medium: { ...medium, content } })).toContain('disk-covered');
    const reads = withHistory(evidence, (entry) =>
      entry.kind === 'disk' && entry.data && entry.data.length > 0
        ? { ...entry, data: entry.data.map((byte) => byte ^ 1) }
        : entry,
    );
    expect(found(reads)).toContain('disk-covered');
  });

  test('finds pending work at the limit, and a lost run with an unharmed member', () => {
    expect(found(completed({ waiting: ['clients'] }))).toEqual([]);
    const stopped = completed({ outcome: 'limit', waiting: ['a disk operation', 'clients'] });
    expect(observe(stopped)).toMatchObject([
      { invariant: 'service', message: /with a disk operation and clients waiting/ },
    ]);
    expect(observe(completed({ outcome: 'limit' }))).toEqual([]);
    expect(observe(completed({ outcome: 'lost' }))).toEqual([]);
    expect(observe(completed({ outcome: 'lost', unharmed: ['backup2'], generation: 3 }))).toMatchObject([
      {
        invariant: 'service',
        message: 'backup2 is a member of generation 3 and has not failed, but is not eligible',
      },
    ]);
  });

  test('finds errors that clients report', () => {
    expect(found(completed({ clients: { calls: [], errors: ['lost'] } }))).toEqual(['acknowledged-requests']);
  });

  test('compares the machines at the last position where they had the same history', () => {
    const evidence = completed();
    const { history, icount } = evidence.survivor;
    const meeting = (b: Kept<Entry>) => ({ ...evidence, meeting: { a: history, b, icount } });
    expect(found(meeting(history))).toEqual([]);
    expect(compareLast(meeting(history))?.difference.equal).toBe(true);
    const keys = [...history].findLast(({ kind }) => kind === 'console')!;
    const other = kept([...history].filter((entry) => entry !== keys));
    expect(found({ ...meeting(other), meeting: { a: history, b: other, icount: keys.icount + 1 } })).toEqual([
      'same-machine',
    ]);
    expect(compareLast(meeting(kept([], false)))).toBeUndefined();
  });

  test('is refused for a run whose evidence was not kept in full', () => {
    for (const part of ['console', 'frames'] as const)
      expect(() => judge(completed({ [part]: kept([], false) }))).toThrow(/limit it with --max-steps/);
  });

  test('has only the violations found during the run if the machines diverged', () => {
    expect(judge(completed({ outcome: 'diverged', console: kept([]), waiting: ['clients'] }))).toEqual([]);
  });
});
