import { describe, expect, it } from 'vitest';
import { describeMachine, ownInput } from '../../src/cli/program.ts';
import {
  execute,
  type MeasuredGuest,
  measure,
  type ServedGuest,
  simulationOf,
} from '../../src/sim/campaign/campaign.ts';
import {
  type Campaign,
  drawRun,
  faultKinds,
  mustBeDrawable,
  runsOf,
  sizeOf,
} from '../../src/sim/campaign/draw.ts';
import { shrinking } from '../../src/sim/campaign/shrink.ts';
import { injectedPhases, Tally } from '../../src/sim/campaign/tally.ts';
import { alterations, firstAlteration } from '../../src/sim/cluster/alterations.ts';
import { faultText, parseFault } from '../../src/sim/faults/fault-text.ts';
import type { Fault } from '../../src/sim/faults/faults.ts';
import { campaignDefaults, mustSuit, type RunSpec, validated } from '../../src/sim/spec/spec.ts';
import { thorough } from '../thorough.ts';
import { type GuestName, guests, path } from './support.ts';

const PAGE_BYTES = 4096;
const RAM_BASE = 0x8000_0000;

function guestOf(name: GuestName): ServedGuest {
  const file = path(guests[name].file);
  return {
    description: describeMachine(file, { memory: 1 << 20, diskSize: 64 << 10 }),
    input: ownInput(file),
    clients: guests[name].clients,
  };
}
const measured = new Map<GuestName, MeasuredGuest>();
function measuredGuest(name: GuestName): MeasuredGuest {
  const known = measured.get(name) ?? measure(guestOf(name), '1');
  measured.set(name, known);
  return known;
}

const runWith = (faults: readonly string[], more: Partial<RunSpec> = {}): RunSpec => ({
  ...campaignDefaults,
  faults: faults.map(parseFault),
  ...more,
});
const served = ({ clients }: ServedGuest, faults: readonly string[]): RunSpec => runWith(faults, { clients });
const campaign = (name: GuestName, runs: Campaign['runs']): Campaign => ({
  guest: measuredGuest(name),
  seed: '1',
  runs,
  options: {},
});

describe('drawing', () => {
  const guest = measuredGuest('kv');
  const drawn = Array.from({ length: 400 }, (_, index) => drawRun(guest, `1/${index}`));

  it('gives the same run for the same seed', () => {
    for (const run of drawn.slice(0, 20)) expect(drawRun(guest, run.seed)).toEqual(run);
    expect(drawn[0]).not.toEqual({ ...drawn[1], seed: drawn[0]!.seed });
  });

  it('draws every kind of fault', () => {
    const kinds = new Set(drawn.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
    expect([...kinds].sort()).toEqual([...faultKinds].sort());
  });

  it('draws only the requested kinds of faults', () => {
    for (let index = 0; index < 50; index++) {
      const run = drawRun(guest, `${index}`, { kinds: ['crash', 'flip'], backups: 2, spares: 0 });
      expect(run).toMatchObject({ backups: 2, spares: 0 });
      expect(['crash', 'flip']).toEqual(expect.arrayContaining(run.faults.map(({ kind }) => kind)));
    }
  });

  it('draws only valid runs that suit the guest', () => {
    for (const run of drawn) {
      expect(validated(run)).toEqual({ ...run, faults: run.faults.map(withoutMinusZero) });
      mustSuit(run, guest.description.memorySizeBytes);
    }
  });

  it('sets the speed of a host in every run that has it, and refuses a host that no run has', () => {
    const options = { speeds: { backup3: 0.5 } };
    mustBeDrawable(options);
    const runs = Array.from({ length: 40 }, (_, index) => drawRun(guest, `${index}`, options));
    for (const run of runs) expect(validated(run).speeds.backup3).toBe(run.backups < 3 ? undefined : 0.5);
    expect(() => mustBeDrawable({ ...options, backups: 2 })).toThrow(/"backup3" is no host here/);
    expect(() => mustBeDrawable({ replication: 'checkpoint', disk: 'private' })).toThrow(/^disk private/);
  });

  it('prints a command that repeats the run: every fault is read as it was written', () => {
    for (const fault of drawn.flatMap(({ faults }) => faults))
      expect({ ...parseFault(faultText(fault)) }, faultText(fault)).toEqual(withoutMinusZero(fault));
  });
  const withoutMinusZero = (fault: Fault): Fault =>
    fault.kind === 'clock' ? { ...fault, jumpNs: fault.jumpNs + 0 } : fault;
});

const RUNS = thorough(20, 40);

describe('a campaign', () => {
  it('gives the same result for the same run', () => {
    const { guest } = campaign('kv', 5);
    for (let index = 0; index < 5; index++) {
      const run = drawRun(guest, `again/${index}`);
      expect(execute(guest, run)).toEqual(execute(guest, run));
    }
  });

  it.each(['bank', 'kv', 'journal'] as const)(
    '%s: no rule is violated, and nothing is corrupted without a flip',
    (name) => {
      const tally = new Tally();
      const guest = measuredGuest(name);
      const kinds = faultKinds.filter((kind) => kind !== 'flip');
      for (let index = 0; index < RUNS; index++)
        tally.add(index, execute(guest, drawRun(guest, `1/${index}`, { kinds })));
      expect(tally.noted).toEqual([]);
      expect(tally.endings.completed + tally.endings.lost).toBe(RUNS);
      expect(tally.failovers).toBeGreaterThan(RUNS / 4);
      expect(tally.joins).toBeGreaterThan(RUNS / 4);
      expect(tally.worstDown.ns).toBeGreaterThan(10_000_000);
    },
  );

  it('counts faults by the phase of the host that they hit', () => {
    const guest = measuredGuest('kv');
    const tally = new Tally();
    const runs = [
      served(guest, ['crash:live@10ms', 'outage:storage@30ms+1ms']),
      served(guest, ['crash:primary@10ms+5ms', 'pause:spare@5ms+1ms', 'crash:backup@500s']),
    ];
    for (const [index, run] of runs.entries()) tally.add(index, execute(guest, run));
    expect(
      Object.fromEntries([...tally.coverage].map(([phase, row]) => [phase, Object.fromEntries(row)])),
    ).toEqual({
      primary: { crash: 2, outage: 1 },
      spare: { pause: 1 },
    });
    expect(tally).toMatchObject({ injections: 4, notTriggered: 1, failovers: 2 });
  });

  it('counts every phase in which a fault can hit a host', () => {
    const guest = measuredGuest('kv');
    const met = Array.from({ length: 30 }, (_, index) =>
      execute(guest, drawRun(guest, `phases/${index}`)),
    ).flatMap(({ injections }) => injections.map(({ during }) => during));
    // A clock may be set on a host whose replica has stopped.
    expect([...injectedPhases, 'stopped']).toEqual(expect.arrayContaining([...new Set(met)]));
  });

  it.each(['hello', 'dice'] as const)('%s: finds no violation with a crash at every position', (name) => {
    const every = campaign(name, 'every');
    const { guest } = every;
    const sent = guest.sent.primary! + guest.sent.backup!;
    expect(sizeOf(every)).toBe(2 * (2 * guest.entries + sent));
    const runOf = runsOf(every);
    const tally = new Tally();
    for (let index = 0; index < sizeOf(every); index++) tally.add(index, execute(guest, runOf(index)));
    expect(tally.noted).toEqual([]);
    expect(tally.notTriggered).toBe(0);
    expect(tally.failovers).toBeGreaterThan(0);
  });
});

describe('a flipped bit', () => {
  const hello = measuredGuest('hello');
  const bank = measuredGuest('bank');
  /** The offset of a text in RAM. */
  const offsetOf = ({ description }: ServedGuest, text: string): number => {
    for (const { address, bytes } of description.segments) {
      const at = Buffer.from(bytes).indexOf(text);
      if (at >= 0) return address - RAM_BASE + at;
    }
    throw new Error(`the program has no "${text}"`);
  };
  const inText = (guest: ServedGuest, text: string, who: string, when: string) =>
    `flip:${who}@${when}=${offsetOf(guest, text)}.0`;

  it('is found by the next check, and traced to its host, page and time', () => {
    const run = runWith([inText(bank, 'the books balance', 'backup', '20ms')]);
    expect(execute(bank, run)).toMatchObject({ ending: 'diverged', findings: [] });
    const page = RAM_BASE + Math.floor(offsetOf(bank, 'the books balance') / PAGE_BYTES) * PAGE_BYTES;
    const origin = firstAlteration((onEvent) => simulationOf(bank, run, onEvent));
    expect(origin).toEqual({ host: 'backup', atNs: 20_000_000, pages: [page], state: false });
  });

  it("that changes the guest's control flow is traced, too", () => {
    // One bit in each of five consecutive instructions.
    const origins = Array.from({ length: 5 }, (_, index) => {
      const run = runWith([`flip:primary@20ms=${index * 4 + 16}.6`]);
      const { ending } = execute(bank, run);
      return ending === 'diverged'
        ? firstAlteration((onEvent) => simulationOf(bank, run, onEvent))
        : undefined;
    });
    const found = origins.filter((origin) => origin !== undefined);
    for (const origin of found) expect(origin).toMatchObject({ host: 'primary', pages: [RAM_BASE] });
    expect(found.length).toBeGreaterThan(0);
  });

  it('that is read at once is traced to its page', () => {
    // The host executes the flipped instruction before any other event.
    const origins = Array.from({ length: 5 }, (_, index) => {
      const run = runWith([`flip:backup@sent=${100 + index}=${(index * 97 * 4) % 2048}.5`]);
      if (execute(bank, run).ending !== 'diverged') return [];
      return [firstAlteration((onEvent) => simulationOf(bank, run, onEvent))];
    }).flat();
    expect(origins.length).toBeGreaterThan(2);
    for (const origin of origins)
      expect(origin).toMatchObject({ host: 'backup', pages: [RAM_BASE], state: false });
  });

  it('is not found under other faults: each machine has the state that its history gives', () => {
    const kinds = faultKinds.filter((kind) => kind !== 'flip');
    for (let index = 0; index < 10; index++) {
      const simulation = simulationOf(bank, drawRun(bank, `clean/${index}`, { kinds }));
      for (let more = true; more; ) {
        more = simulation.advance(5000);
        expect(alterations(simulation)).toEqual([]);
      }
    }
  });

  it('in a machine that is not used any more does not disturb the run', () => {
    const run = runWith([
      inText(hello, 'Hello', 'spare', '0ms'),
      inText(bank, 'the books balance', 'live', '500s'),
    ]);
    expect(execute(hello, run).ending).toBe('completed');
  });

  it('in a live machine with wrong outputs is memory corruption, not a violation', () => {
    const run = runWith([inText(bank, 'the books balance', 'live', '20ms'), 'crash:live@output=4193']);
    const result = execute(bank, run);
    expect(result).toMatchObject({ ending: 'diverged' });
    const dead = runWith([inText(bank, 'the bank is open', 'live', '0ms'), 'crash:live@5ms']);
    expect(execute(bank, dead)).toMatchObject({
      ending: 'corrupted',
      findings: [{ invariant: 'outputs-covered' }],
    });
  });

  it('does not excuse violations that it has not caused', () => {
    const flip = inText(bank, 'the bank is open', 'live', '0ms');
    const result = execute(bank, runWith([flip, 'crash:live@5ms'], { unsafe: ['output-rule'] }));
    expect(result.ending).toBe('violated');
    expect(result.findings.map(({ invariant }) => invariant)).toContain('output-rule');
    // A flip in a machine that is discarded before it goes live excuses nothing.
    const gone = ['flip:backup2@4ms=4096.0', 'crash:backup2@4500us', 'crash:live@sent=60'];
    const elsewhere = execute(bank, runWith(gone, { backups: 2, unsafe: ['dedup'] }));
    expect(elsewhere).toMatchObject({ ending: 'violated', findings: [{ invariant: 'outputs-covered' }] });
  });
});

/** The minimal run. `fails`: whether a run fails in the same way. */
function shrink(run: RunSpec, fails: (run: RunSpec) => boolean): RunSpec {
  const candidates = shrinking(run);
  let next = candidates.next();
  while (!next.done) next = candidates.next(fails(next.value));
  return next.value;
}

describe('shrinking', () => {
  it('removes what the failure does not need, and rounds the rest', () => {
    const run = runWith(
      ['crash:live@1234567ns+7ms', 'partition:primary-backup@7654321ns+11111111ns', 'slow:spare@5ms+2ms=0.5'],
      { backups: 3, spares: 2, speeds: { backup: 0.5 } },
    );
    const shrunk = shrink(run, ({ faults, backups }) => {
      const [crash] = faults.filter(({ kind }) => kind === 'crash');
      return backups >= 2 && crash?.kind === 'crash' && crash.when.at === 'time' && crash.when.ns > 1_100_000;
    });
    expect(shrunk).toEqual(runWith(['crash:live@1200us'], { backups: 2, spares: 0 }));
  });

  it('keeps every host that a fault needs, and drops the settings of hosts that are removed', () => {
    const run = runWith(['crash:spare@1ms', 'crash:backup2@2ms'], {
      ...{ backups: 3, spares: 2, speeds: { spare2: 0.5, backup: 0.5 } },
      tuning: { ...campaignDefaults.tuning, retainBytes: 0 },
    });
    const candidates: RunSpec[] = [];
    const shrunk = shrink(run, (simpler) => {
      candidates.push(simpler);
      return simpler.faults.length === 2 && simpler.speeds.backup !== undefined;
    });
    for (const one of candidates) expect(validated(one)).toEqual(one);
    expect(shrunk).toEqual({
      ...run,
      backups: 2,
      spares: 1,
      speeds: { backup: 0.5 },
      tuning: campaignDefaults.tuning,
      faults: shrunk.faults,
    });
  });

  it.each(['dedup', 'test-and-set'] as const)('without %s: leaves no fault that can be removed', (rule) => {
    const guest = measuredGuest('bank');
    const options = { unsafe: [rule] };
    const whole = Array.from({ length: 40 }, (_, index) => drawRun(guest, `1/${index}`, options)).find(
      (run) => execute(guest, run).ending === 'violated',
    )!;
    const [found] = execute(guest, whole).findings;
    const fails = (run: RunSpec) =>
      execute(guest, run).findings.some(({ invariant }) => invariant === found!.invariant);
    const shortest = shrink(whole, fails);
    expect(fails(shortest)).toBe(true);
    expect(shortest.faults.length).toBeLessThanOrEqual(2);
    for (const index of shortest.faults.keys())
      expect(fails({ ...shortest, faults: shortest.faults.filter((_, i) => i !== index) })).toBe(false);
  });
});
