/** A run's specification as options of `vmft run`. */
import { faultText } from '../faults/fault-text.ts';
import { bitRateText } from '../values/values.ts';
import { defaults, isAs, type RunSpec, words } from './spec.ts';
import { tuningText } from './tuning.ts';

type Field = keyof RunSpec;

/** `HOST=VALUE` for each host. */
const ofHosts = (values: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(values).map(([host, value]) => `${host}=${value}`);

/** The values of each field's option, which is repeated for each; in the order of the command line. */
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

/** Fields that are printed even if they have the default value, so that the number of hosts is visible. */
const always: readonly Field[] = ['seed', 'backups', 'spares'];

const optionsFor = (field: Field, spec: RunSpec): string[] =>
  always.includes(field) || !isAs(field, spec, defaults)
    ? values[field](spec).flatMap((value) => [`--${words[field]}`, value])
    : [];

/** `--check-every` sets two fields of the tuning. */
function tuningOptions(spec: RunSpec): string[] {
  const { checkSteps, checkStepsPerPage, ...tuning } = spec.tuning;
  if (checkSteps === undefined || checkStepsPerPage !== 0) return optionsFor('tuning', spec);
  return [...optionsFor('tuning', { ...spec, tuning }), '--check-every', `${checkSteps}`];
}

/** The arguments of `vmft run` for the whole specification except the seed. */
export const clusterArguments = (spec: RunSpec): string[] =>
  fields
    .filter((field) => field !== 'seed')
    .flatMap((field) => (field === 'tuning' ? tuningOptions(spec) : optionsFor(field, spec)));

/** The arguments of `vmft run` for the whole specification. */
export const specArguments = (spec: RunSpec): string[] => [
  ...optionsFor('seed', spec),
  ...clusterArguments(spec),
];
