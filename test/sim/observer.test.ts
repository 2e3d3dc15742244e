/** What the simulator records during a run, and the evidence that it returns at the end. */
import { describe, expect, test } from 'vitest';
import { Generations } from '../../src/cluster/edge/generations.ts';
import { MemorySpool } from '../../src/replay/spool.ts';
import type { Simulation } from '../../src/sim/cluster/cluster.ts';
import { evidenceOf } from '../../src/sim/cluster/evidence.ts';
import type { Host } from '../../src/sim/cluster/host.ts';
import { Observer } from '../../src/sim/cluster/observer.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { faults, happened, result, simulate, sound } from './support.ts';

const record = { primary: 'primary', backups: ['backup'] };
const MS = 1_000_000;

/** A host whose machine has made `outputsMade` outputs. */
const host = (id: string, generation = 1, outputsMade = 0): Host =>
  ({
    id,
    alive: true,
    replica: { generation, vmm: { icount: 10, machine: { outputsMade } } },
  }) as unknown as Host;
function observer(): Observer {
  const generations = new Generations(record, true);
  const made = new Observer(
    generations,
    'primary',
    false,
    () => 0,
    () => 10,
    new MemorySpool(1 << 20),
    false,
    0,
  );
  for (const id of ['primary', 'backup']) made.replicaCreated(id);
  made.wentLive(host('primary'));
  return made;
}
const found = ({ violations }: Observer) => violations.map(({ invariant }) => invariant);
const input = (icount: number): Entry => ({ kind: 'console', icount, data: Uint8Array.of(icount) });

describe('an observer', () => {
  test('counts no failover to a replica that goes live in an old generation after a late answer', () => {
    // Found by a campaign: by then, the host that the replica believes to replace has another machine.
    const run = simulate('kv', {
      ...{ backups: 2, spares: 0, seed: '5/40133', checkSteps: 50_000, tuning: { retainBytes: 0 } },
      faults: faults('pause:live@17ms+29ms', 'partition:backup-storage@backup2:claiming:20us+46ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'live').map(({ at, generation }) => [at, generation])).toEqual([
      ['backup2', 3],
      ['backup', 2],
    ]);
    expect(run.simulation.failovers.map(({ to }) => to)).toEqual(['backup2']);
  });

  test('compares a new primary with one that was never live, up to the position of the latter', () => {
    // Found by a campaign: the claim of the replaced host was answered late, and that host has less of the log.
    const run = simulate('kv', {
      ...{ backups: 2, spares: 0, seed: '10/32725', checkSteps: 50_000 },
      faults: faults('delay:backup2-storage@18800us+7ms=14596810ns', 'crash:live@entry=35'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'live').map(({ at, generation }) => [at, generation])).toEqual([
      ['backup', 3],
      ['backup2', 2],
    ]);
  });

  test('takes the history of the host whose state a replica has installed, not of another sender', () => {
    // Found by a campaign: a primary that was paused and replaced sent its next checkpoint when it resumed.
    const made = observer();
    made.replicaCreated('spare');
    const sent = { kind: 'sent' as const, first: 1, last: 1, logBytes: 0, sizeBytes: 0, entries: [] };
    for (const [icount, id] of ['backup', 'primary'].entries()) {
      made.witnessed(id, input(icount), false);
      made.noted(host(id), { ...sent, to: 'spare' });
    }
    made.noted(host('spare'), { kind: 'installed', from: 'backup', history: 1, icount: 10 });
    expect([...made.historyOf('spare')]).toEqual([input(0)]);
  });

  test('finds a backup that lags by more than half a second', () => {
    const made = observer();
    made.noted(host('backup'), { kind: 'lag', steps: 1, ns: 400 * MS });
    expect(found(made)).toEqual([]);
    made.noted(host('backup'), { kind: 'lag', steps: 1, ns: 600 * MS });
    expect(found(made)).toEqual(['lag-bound']);
  });

  test('regards the primary of the newest generation as the survivor', () => {
    const made = observer();
    made.wentLive(host('backup', 3));
    made.wentLive(host('primary', 2));
    expect(made.survivor).toBe('backup');
  });

  test('counts what a following host holds: the outputs that its machine has made', () => {
    const released = (outputsMade: number | undefined) => {
      const made = observer();
      if (outputsMade !== undefined)
        made.noted(host('backup', 1, outputsMade), { kind: 'following', primary: 'primary', entry: 1 });
      const outputs = [{ kind: 'console' as const, first: 1, data: new Uint8Array(5) }];
      made.released('primary', { do: 'release', generation: 1, outputs });
      return found(made);
    };
    expect([released(undefined), released(4), released(5)]).toEqual([['output-rule'], ['output-rule'], []]);
  });

  test('finds a host that is live in a generation of another primary', () => {
    const members = observer();
    members.noted(host('backup', 2), { kind: 'members', icount: 0, generation: 2, record });
    const goesLive = observer();
    goesLive.noted(host('backup', 2), {
      ...{ kind: 'live', icount: 0, generation: 2, pending: 0, history: 0 },
      from: 'primary',
    });
    expect([found(members), found(goesLive)]).toEqual([['one-live'], ['one-live']]);
  });

  test('gives a copied machine the history of its original', () => {
    const made = observer();
    for (const icount of [1, 2, 3]) made.witnessed('primary', input(icount), true);
    made.noted(host('primary'), {
      kind: 'copied',
      host: 'backup',
      pages: 1,
      sizeBytes: 1,
      icount: 2,
      entry: 2,
    });
    made.noted(host('backup'), { kind: 'installed', from: 'primary', history: 2, icount: 2 });
    expect([...made.historyOf('backup')]).toEqual([input(1), input(2)]);
  });

  test('gives a copied machine that history even if the sender has restarted meanwhile', () => {
    const made = observer();
    for (const icount of [1, 2, 3]) made.witnessed('primary', input(icount), true);
    const entries = [{ kind: 'checkpoint' } as unknown as Entry];
    made.noted(host('primary'), {
      ...{ kind: 'sent', to: 'backup', first: 1, last: 1, logBytes: 1, sizeBytes: 1 },
      entries,
    });
    made.replicaCreated('primary');
    made.witnessed('primary', input(9), false);
    made.noted(host('backup'), { kind: 'installed', from: 'primary', history: 2, icount: 2 });
    expect([...made.historyOf('backup')]).toEqual([input(1), input(2)]);
  });

  test('reports the history of the live machine to a follower, from the start when another goes live', () => {
    const made = observer();
    made.witnessed('primary', input(1), true);
    const received: unknown[] = [];
    made.follow({
      append: (entry) => received.push(entry),
      continueAs: (history) => received.push([...history]),
    });
    made.witnessed('primary', input(2), true);
    made.witnessed('backup', input(1), false);
    made.wentLive(host('primary', 1));
    made.wentLive(host('backup', 2));
    made.witnessed('primary', input(3), false);
    made.witnessed('backup', input(2), true);
    expect(received).toEqual([[input(1)], input(2), [input(1)], input(2)]);
  });
});

describe('evidence', () => {
  /** A run that stopped at its limit with no pending work. */
  const run = (changed: Record<string, object | number> = {}, maxSteps = 100): Simulation =>
    ({
      outcome: 'limit',
      options: { spec: { maxSteps, disk: 'shared' } },
      observer: { violations: [], history: [] },
      console: { violations: [], input: new Uint8Array(3), exhausted: true, transcript: [] },
      network: { done: true, clients: [], framesOut: [], errors: [] },
      storage: { disk: {}, generations: { newest: 1 } },
      machine: { icount: 50, diskOpen: false, power: { off: false }, consoleReceived: 3, consoleRoom: 1 },
      failovers: [],
      hosts: new Map(),
      ...changed,
    }) as unknown as Simulation;
  const machine = (changed: object) => ({
    ...{ icount: 50, diskOpen: false, power: { off: false }, consoleReceived: 3, consoleRoom: 1 },
    ...changed,
  });

  test('names the pending work', () => {
    const waiting = (simulation: Simulation) => evidenceOf(simulation).waiting;
    expect(waiting(run())).toEqual([]);
    expect(waiting(run({ machine: machine({ diskOpen: true }) }))).toEqual(['a disk operation']);
    expect(waiting(run({ machine: machine({ power: { off: true } }) }))).toEqual(['the end']);
    expect(waiting(run({ machine: machine({ consoleReceived: 2 }) }))).toEqual(['typed input']);
    expect(waiting(run({ machine: machine({ consoleReceived: 2, consoleRoom: 0 }) }))).toEqual([]);
    const network = { done: false, clients: [], framesOut: [], errors: [] };
    expect(waiting(run({ network }))).toEqual(['clients']);
    expect(waiting(run({ network }, 50))).toEqual([]);
  });

  test('has the position of the last failover, where the machines last had the same history', () => {
    const failover = (meetingIcount: number) => ({ meetingIcount, fromHistory: [], toHistory: [] });
    expect(evidenceOf(run({ failovers: [failover(1), failover(2)] })).meeting).toMatchObject({ icount: 2 });
    expect(evidenceOf(run()).meeting).toBeUndefined();
  });
});
