/** `npm run soak`: random failures on a cluster of real processes; with `--simulator`, the memory of long simulated runs. */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Random } from '../../src/base/random.ts';
import { EXIT_CODE } from '../../src/cli/exit-codes.ts';
import { exitOnBrokenPipe } from '../../src/cli/exit-on-broken-pipe.ts';
import { Bank } from './bank.ts';
import { ForwardedPort, KeyValue, StreamSocket } from './kv.ts';
import type { Load } from './load.ts';
import { heal, whyNoPartitions } from './partition.ts';
import { report } from './report.ts';
import { Round, type RoundResult } from './round.ts';
import { simulator } from './simulator.ts';
import { Usage } from './usage.ts';

const USAGE = `Usage: npm run soak -- [options]

Starts clusters with \`vmft up\`, and lets one failure after the other happen to them, while clients use the guest and
check every answer: killed and stopped processes (hosts, storage, switch), moves of the VM, hosts that are cut off from
each other. Each failure comes when the VM is protected again. Clusters of 4 hosts with 2 backups and of 3 hosts with 1
take turns. After a while the guest is ended in order, and \`vmft judge\` judges the evidence of all processes.

  --minutes N     how long, as a number such as 0.5 (default: 60)
  --every N       minutes after which a cluster is ended, judged and replaced (default: 5)
  --guest NAME    bank (typed lines at its console) or kv (UDP); default: in turns
  --network WAY   for kv: passt or stream, the switch's socket for QEMU (default: passt where it is installed)
  --seed S        seed of the failures and of the requests; their times are real, so runs are never equal
  --patience N    seconds that a cluster may take to be protected again (default: 60)
  --findings N    stop after this number of clusters with findings (default: 1)
  --simulator     the memory of long runs of the simulator instead; with --seconds N, --only GUEST
  -h, --help      print this text

Ctrl-C ends the cluster in order and prints the report; a second one ends it at once. The exit code is 3 for a violation,
1 when something hangs, dies by itself or is left behind, 2 for wrong usage.
`;

const guests = ['bank', 'kv'] as const;
type Guest = (typeof guests)[number];
const networks = ['passt', 'stream'] as const;

interface Options {
  minutes: number;
  every: number;
  guest: Guest | undefined;
  network: (typeof networks)[number];
  seed: string;
  patienceMs: number;
  findings: number;
}

const hasPasst = (): boolean => {
  try {
    execFileSync('passt', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

function readOptions(): Options | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      ...{
        minutes: text,
        every: text,
        guest: text,
        network: text,
        seed: text,
        patience: text,
        findings: text,
      },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const number = (name: 'minutes' | 'every' | 'patience' | 'findings', preset: number): number => {
    const value = Number(values[name] ?? preset);
    if (!(value > 0)) throw new Error(`--${name} is a number above 0`);
    return value;
  };
  const oneOf = <T extends string>(name: 'guest' | 'network', all: readonly T[]): T | undefined => {
    const value = values[name];
    const found = all.find((one) => one === value);
    if (value !== undefined && !found) throw new Error(`--${name} is one of ${all.join(', ')}`);
    return found;
  };
  return {
    ...{ minutes: number('minutes', 60), every: number('every', 5), guest: oneOf('guest', guests) },
    network: oneOf('network', networks) ?? (hasPasst() ? 'passt' : 'stream'),
    seed: values.seed ?? Date.now().toString(36),
    ...{ patienceMs: 1000 * number('patience', 60), findings: number('findings', 1) },
  };
}

/** A UDP port that is free now. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });

/** What `vmft up` needs for a guest's clients, and they themselves. */
interface Clients {
  network: string[];
  load(directory: string, random: Random): Load;
}

async function clientsOf(guest: Guest, { network }: Options, durationMs: number): Promise<Clients> {
  if (guest === 'bank') return { network: [], load: (cwd, random) => new Bank({ cwd, random, durationMs }) };
  if (network === 'stream')
    return {
      network: ['--stream', './frames'],
      load: (directory, random) => new KeyValue(new StreamSocket(join(directory, 'frames')), random),
    };
  const port = await freePort();
  return {
    network: ['--forward', `${port}:9000/udp`],
    load: (_, random) => new KeyValue(new ForwardedPort(port), random),
  };
}

/** The first signal asks for the end in order, the second for the end at once. */
function followSignals(): () => 'in order' | 'at once' | undefined {
  let signals = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      signals++;
      const how = signals > 1 ? 'at once' : 'in order; once more for the end at once';
      process.stderr.write(`ends ${how}\n`);
    });
  return () => (signals > 1 ? 'at once' : signals === 1 ? 'in order' : undefined);
}

async function soak(options: Options): Promise<number> {
  const { minutes, every, seed, patienceMs, findings: limit } = options;
  const startMs = performance.now();
  const endMs = startMs + minutes * 60_000;
  const log = (line: string) =>
    process.stderr.write(`${((performance.now() - startMs) / 1000).toFixed(1).padStart(8)} s  ${line}\n`);
  const why = whyNoPartitions();
  log(`seed ${seed}`);
  if (why !== undefined) log(`hosts are not cut off from each other here: ${why}`);
  const ending = followSignals();
  const usage = new Usage();
  const results: RoundResult[] = [];
  const bad = () => results.filter(({ findings }) => findings.length > 0);
  try {
    for (let number = 1; performance.now() < endMs && !ending() && bad().length < limit; number++) {
      const guest = options.guest ?? guests[(number - 1) % 2]!;
      const turn = options.guest ? number : Math.ceil(number / 2);
      const [hosts, backups] = turn % 2 === 1 ? [4, 2] : [3, 1];
      const durationMs = Math.min(every * 60_000, endMs - performance.now());
      const { network, load } = await clientsOf(guest, options, durationMs);
      const cluster = { guest, hosts, backups, network };
      const round = new Round({
        ...{
          number,
          seed,
          cluster,
          load,
          durationMs,
          patienceMs,
          canCut: why === undefined,
          usage,
          log,
          ending,
        },
      });
      results.push(await round.run());
    }
  } finally {
    if (why === undefined) heal();
  }
  process.stdout.write(`${report(results, usage.roles)}\n`);
  const kinds = bad().flatMap(({ findings }) => findings.map(({ kind }) => kind));
  if (kinds.includes('violation')) return EXIT_CODE.diverged;
  return kinds.length > 0 ? EXIT_CODE.failed : 0;
}

exitOnBrokenPipe();
if (process.argv.includes('--simulator')) await simulator();
else
  try {
    const options = readOptions();
    if (options) process.exitCode = await soak(options);
    else process.stdout.write(USAGE);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  }
