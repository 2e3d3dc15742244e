/** Arbitrary faults, and arbitrary specifications of runs. */
import fc from 'fast-check';
import type { Command } from '../../src/ft/effects.ts';
import { phases } from '../../src/ft/replica.ts';
import { diskVariants, replications, type UnsafeRule, unsafeRules } from '../../src/ft/rules.ts';
import { answerFaults, type Fault, type FaultKind, timeOf, type When } from '../../src/sim/faults/faults.ts';
import { mustBePossible } from '../../src/sim/faults/possible.ts';
import { hostNames, type RunSpec } from '../../src/sim/spec/spec.ts';
import { tuningNames } from '../../src/sim/spec/tuning.ts';
import { limits, type Range, tuningLimits } from '../../src/sim/values/limits.ts';

/** The memory of a story's guest by default. */
const MEMORY_BYTES = 1 << 20;

const host = fc.constantFrom('primary', 'backup', 'backup2', 'spare', 'live');
const node = fc.constantFrom('primary', 'backup2', 'storage', 'switch', 'spare');
export const ns = fc.oneof(
  fc.nat(1_000_000_000),
  fc.tuple(fc.nat(999), fc.constantFrom(1, 1e3, 1e6, 1e9)).map(([count, unit]) => count * unit),
);
const count = fc.nat(1_000_000_000);
const when: fc.Arbitrary<When> = fc.oneof(
  fc.record({ at: fc.constant('time' as const), ns }),
  fc.record({ at: fc.constant('icount' as const), icount: count }),
  fc.record({
    at: fc.constantFrom('output' as const, 'entry' as const, 'sent' as const),
    number: fc.integer({ min: 1, max: 1_000_000_000 }),
  }),
);
const probability = fc.double({ min: 0, max: 1, noNaN: true });
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constantFrom('reset' as const, 'protect' as const, 'unprotect' as const) }),
  fc.record({ kind: fc.constant('speed' as const), perMille: fc.integer({ min: 1, max: 1000 }) }),
  fc.record({ kind: fc.constant('switch-over' as const), to: host }, { requiredKeys: ['kind'] }),
  fc.record({ kind: fc.constant('move-backup' as const), from: host }),
);

type Fields<F> = F extends Fault
  ? { [K in Exclude<keyof F, 'kind' | 'after'>]-?: fc.Arbitrary<Exclude<F[K], undefined>> }
  : never;
/** The type of a kind; kinds with the same fields share a member of the union. */
type Of<K extends FaultKind> = Fault extends infer F
  ? F extends { kind: infer N }
    ? K extends N
      ? F
      : never
    : never
  : never;
const link = { from: node, to: node, atNs: ns };
const storage = { atNs: ns, forNs: ns };
/** The fields of each kind of fault. Does not compile until a new kind has its row. */
const fields: { [K in FaultKind]: Fields<Of<K>> } = {
  crash: { who: host, when, forNs: ns },
  kill: { who: host, when, forNs: ns },
  pause: { who: host, when, forNs: ns },
  flip: { who: host, when, offset: fc.oneof(fc.nat(MEMORY_BYTES - 1), count), bit: fc.nat(7) },
  slow: { who: host, atNs: ns, forNs: ns, factor: fc.double({ min: 0.001, max: 1000, noNaN: true }) },
  clock: {
    who: host,
    atNs: ns,
    jumpNs: fc.tuple(ns, fc.boolean()).map(([size, back]) => (back && size > 0 ? -size : size)),
  },
  domain: { domain: fc.constantFrom('a', 'rack-2'), atNs: ns, forNs: ns },
  partition: { ...link, both: fc.boolean(), forNs: ns },
  delay: { ...link, forNs: ns, extraNs: ns },
  lose: { ...link, forNs: ns, probability },
  duplicate: { ...link, forNs: ns, probability },
  reset: link,
  outage: storage,
  full: storage,
  'io-error': storage,
  restart: storage,
  answers: { ...storage, how: fc.constantFrom(...answerFaults) },
  command: { command, atNs: ns },
};
const phaseMoment = fc.record({
  host,
  phase: fc.constantFrom(...phases),
  number: fc.integer({ min: 1, max: 9 }),
});
export const kinds = Object.keys(fields) as FaultKind[];
/** Faults that may have no length: they last to the end of the run. */
const endless = new Set<FaultKind>(['crash', 'kill', 'domain']);

export const faultsOf = (kind: FaultKind): fc.Arbitrary<Fault> => {
  const model: Record<string, fc.Arbitrary<unknown>> = { kind: fc.constant(kind), ...fields[kind] };
  const names = Object.keys(model).filter((name) => name !== 'forNs' || !endless.has(kind));
  const fault = fc.record(model, { requiredKeys: names }) as unknown as fc.Arbitrary<Fault>;
  return fc
    .tuple(
      fault.filter((one) => !('from' in one) || one.from !== one.to),
      fc.option(phaseMoment),
    )
    .map(([plain, after]) => (after && timeOf(plain) !== undefined ? { ...plain, after } : plain));
};

// ── Runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const whole = ({ least, most }: Range) =>
  fc.maxSafeInteger().map((n) => least + (Math.abs(n) % (most - least + 1)));
/** Numbers of all magnitudes are equally likely, and so are the limits. */
const within = (range: Range) =>
  fc.oneof(
    fc.integer({ min: range.least, max: Math.min(range.most, range.least + 9) }),
    whole(range),
    fc.constantFrom(range.least, range.most),
  );
const real = ({ least, most }: Range) => fc.double({ min: least, max: most, noNaN: true }).map((n) => n + 0);

const tuning = fc
  .record(Object.fromEntries(tuningNames.map((name) => [name, within(tuningLimits[name])])), {
    requiredKeys: [],
  })
  .map((one) => ({ ...one }));

/** Faults of all kinds; those that are impossible in a cluster are omitted later. */
const schedule = fc.array(fc.oneof(...kinds.map(faultsOf)), { maxLength: 4 });

const domainName = fc.stringMatching(/^[^\s\p{Cc}]+$/u);
/** A value for some of the hosts. */
const hostValues = <T>(hosts: readonly string[], value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc
    .record(Object.fromEntries(hosts.map((name) => [name, value])), { requiredKeys: [] })
    .map((some) => ({ ...some }) as Record<string, T>);

const cluster = fc
  .record({ backups: within(limits.backups), spares: within(limits.spares) })
  .map(({ backups, spares }) => ({ backups, spares: backups > 0 ? spares : 0 }));

function isPossible(fault: Fault, hosts: readonly string[], domains: Record<string, string>): boolean {
  try {
    mustBePossible([fault], { hosts, domains, memorySizeBytes: MEMORY_BYTES });
    return true;
  } catch {
    return false;
  }
}

/** Valid specifications in canonical form. */
export const specs: fc.Arbitrary<RunSpec> = cluster.chain(({ backups, spares }) => {
  const hosts = hostNames({ backups, spares });
  const protocol = backups > 0;
  return fc
    .record({
      seed: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', ' ', '"', 'a"b', '"\n', '\\n', '#', '7', '\u2028', '--seed'),
      ),
      replication: protocol ? fc.constantFrom(...replications) : fc.constant('lockstep' as const),
      disk: protocol ? fc.constantFrom(...diskVariants) : fc.constant('shared' as const),
      clients: within(limits.clients),
      maxSteps: within(limits.maxSteps),
      bitsPerSecond: within(limits.bitsPerSecond),
      speeds: hostValues(hosts, real(limits.speed)),
      domains: hostValues(hosts, fc.oneof(fc.constantFrom('a', 'rack-2'), domainName)),
      loads: hostValues(hosts, real(limits.load)),
      tuning: protocol ? tuning : fc.constant({}),
      faults: schedule,
      unsafe: protocol ? fc.subarray(Object.keys(unsafeRules) as UnsafeRule[]) : fc.constant([]),
    })
    .filter(({ replication, disk }) => replication === 'lockstep' || disk !== 'private')
    .map((rest) => ({
      ...rest,
      backups,
      spares,
      faults: rest.faults.filter((fault) => isPossible(fault, hosts, rest.domains)),
    }));
});

/** Asserts a property of every valid specification. */
export const everySpec = (holds: (spec: RunSpec) => void): void =>
  fc.assert(
    fc.property(specs, (spec) => {
      holds(spec);
    }),
  );
