/** A run's specification as options of `vmft run`. */
import { faultText } from '../faults/fault-text.ts';
import { defaults, isAs, type RunSpec, words } from './spec.ts';
import { tuningText } from './tuning.ts';
import { bitRateText } from './values.ts';

type Field = keyof RunSpec;

/** What is said of hosts by name. */
const ofHosts = (values: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(values).map(([host, value]) => `${host}=${value}`);

/** What the option for each field is given, once for each value; in the order in which a command has them. */
const values: Readonly<Record<Field, (spec: RunSpec) => string[]>> = {
  seed: ({ seed }) => [seed],
  clients: ({ clients }) => [`${clients}`],
  backups: ({ backups }) => [`${backups}`],
  spares: ({ spares }) => [`${spares}`],
  replication: ({ replication }) => [replication],
  disk: ({ disk }) => [disk],
  bitsPerSecond: ({ bitsPerSecond }) => [bitRateText(bitsPerSecond)],
  speeds: ({ speeds }) => ofHosts(speeds),
  domains: ({ domains }) => ofHosts(domains),
  loads: ({ loads }) => ofHosts(loads),
  tuning: ({ tuning }) => tuningText(tuning),
  maxSteps: ({ maxSteps }) => [`${maxSteps}`],
  unsafe: ({ unsafe }) => [...unsafe],
  faults: ({ faults }) => faults.map(faultText),
};
const fields = Object.keys(values) as Field[];

/** Nobody who is shown a run should have to remember how many hosts it has by default. */
const always: readonly Field[] = ['seed', 'backups', 'spares'];

const optionsFor = (field: Field, spec: RunSpec): string[] =>
  always.includes(field) || !isAs(field, spec, defaults)
    ? values[field](spec).flatMap((value) => [`--${words[field]}`, value])
    : [];

/** `--check-every` stands for two of the protocol's sizes. */
function tuningOptions(spec: RunSpec): string[] {
  const { checkSteps, checkStepsPerPage, ...tuning } = spec.tuning;
  if (checkSteps === undefined || checkStepsPerPage !== 0) return optionsFor('tuning', spec);
  return [...optionsFor('tuning', { ...spec, tuning }), '--check-every', `${checkSteps}`];
}

/** The arguments of `vmft run` that say all of it but the seed. */
export const clusterArguments = (spec: RunSpec): string[] =>
  fields
    .filter((field) => field !== 'seed')
    .flatMap((field) => (field === 'tuning' ? tuningOptions(spec) : optionsFor(field, spec)));

/** The arguments of `vmft run` that say all of it. */
export const specArguments = (spec: RunSpec): string[] => [
  ...optionsFor('seed', spec),
  ...clusterArguments(spec),
];
