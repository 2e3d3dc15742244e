/** `npm run hostile`: many hostile guests, on whole machines or on single devices. */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { exitOnBrokenPipe } from '../../src/cli/exit-on-broken-pipe.ts';
import { parseShard, shardOf } from '../../src/cli/options.ts';
import { type Engine, engines } from '../../src/cpu/engine.ts';
import { EAGER } from '../../src/cpu/translator/translator.ts';
import { type Attacker, DeviceAttacker, type Finding, MachineAttacker } from './campaign.ts';
import { attackInThread, ports } from './ports/main.ts';

const USAGE = `Usage: npm run hostile -- [options]

Runs hostile guests: random code and CSR writes, page tables, virtqueues and SBI calls, on whole machines.
None may throw, hang, access memory outside its RAM, or leave an invalid state; and a replay of its log in
other slices, with a snapshot in the middle, must reach the same state.

  --seed S        seed of the cases (default: 1)
  --cases N       number of cases (default: 100000)
  --from N        number of the first case (default: 0)
  --shard K/N     only the Kth of N equal parts, from 1 on, of these cases
  --engine NAME   interpreter, translator or check; code is translated at once (default: translator)
  --devices       attack single devices, with a hostile driver, instead of machines
  --ports         attack the ports of a cluster instead, which runs in this process: random and damaged messages
                  over links of members and over the sockets of strangers, with well-behaved clients beside them
  --messages N    number of messages for --ports (default: 1000000)
  --findings N    stop after this number of violations (default: 5)
  -h, --help      print this text

Equal seeds and numbers give equal cases. Ctrl-C stops and prints the summary. The exit code is 1 when a
violation was found, 2 for wrong usage.
`;

const CHECK_MS = 1000;
/** A case that is unchanged in this number of checks hangs. Most take less than a millisecond. */
const HANGS_CHECKS = 30;
/** The first cases, which include compilation, are not timed. */
const FIRST_CASES = 500;

interface Options {
  seed: string;
  from: number;
  cases: number;
  devices: boolean;
  findings: number;
  engine: Engine;
  ports: boolean;
  messages: number;
}

type Report =
  | { kind: 'finding'; finding: Finding }
  | { kind: 'end'; done: number; counts: [string, number][]; slowest: { index: number; ms: number } };

// ── The worker: it runs the cases ───────────────────────────────────────────────────────────────────────────────────

/** `current`: the case that is running, and whether to stop. Both threads see it. */
function work({ seed, from, cases, devices, findings, engine }: Options, current: Float64Array): void {
  const send = (message: Report) => parentPort!.postMessage(message);
  const attacker: Attacker = devices
    ? new DeviceAttacker(seed)
    : new MachineAttacker(seed, { engine, heat: EAGER });
  const counts = new Map<string, number>();
  const count = (what: string, number = 1) => counts.set(what, (counts.get(what) ?? 0) + number);
  const slowest = { index: from, ms: 0 };
  let index = from;
  let found = 0;
  for (; index < from + cases && found < findings && current[1] === 0; index++) {
    current[0] = index;
    const started = performance.now();
    const finding = attacker.run(index, count);
    const ms = performance.now() - started;
    if (ms > slowest.ms && index >= from + FIRST_CASES) Object.assign(slowest, { index, ms });
    if (finding) {
      found++;
      send({ kind: 'finding', finding });
    }
  }
  const finding = attacker.end();
  if (finding) send({ kind: 'finding', finding });
  send({ kind: 'end', done: index - from, counts: [...counts], slowest });
}

// ── The main thread: it watches ─────────────────────────────────────────────────────────────────────────────────────

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      shard: { type: 'string', default: '1/1' },
      cases: { type: 'string', default: '100000' },
      findings: { type: 'string', default: '5' },
      engine: { type: 'string', default: 'translator' },
      devices: { type: 'boolean', default: false },
      ports: { type: 'boolean', default: false },
      messages: { type: 'string', default: '1000000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const whole = (name: 'from' | 'cases' | 'findings' | 'messages'): number => {
    const number = Number(values[name]);
    if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} is a whole number from 0 on`);
    return number;
  };
  const engine = engines.find((name) => name === values.engine);
  if (!engine) throw new Error(`--engine is one of ${engines.join(', ')}`);
  const from = whole('from');
  const part = shardOf(parseShard(values.shard), from, from + whole('cases'));
  return {
    engine,
    seed: values.seed,
    devices: values.devices,
    ports: values.ports,
    messages: whole('messages'),
    from: part.from,
    cases: part.to - part.from,
    findings: whole('findings'),
  };
}

const again = ({ seed, devices, engine }: Options, index: number): string =>
  `npm run hostile -- --seed ${seed}${devices ? ' --devices' : ''} --engine ${engine} --from ${index} --cases 1`;

function watch(options: Options): void {
  const current = new Float64Array(new SharedArrayBuffer(16));
  current[0] = options.from;
  const worker = new Worker(new URL(import.meta.url), { workerData: { options, buffer: current.buffer } });
  const started = performance.now();
  let last = -1;
  let unchanged = 0;
  let findings = 0;
  const clear = () => process.stderr.isTTY && process.stderr.write('\r\x1b[K');
  const check = () => {
    const [index] = current;
    unchanged = index === last ? unchanged + 1 : 0;
    last = index!;
    const done = index! - options.from;
    const rate = done / ((performance.now() - started) / 1000);
    if (process.stderr.isTTY)
      process.stderr.write(
        `\r${done} of ${options.cases} cases, ${rate.toFixed(0)} a second, ${findings} findings\x1b[K`,
      );
    if (unchanged < HANGS_CHECKS) return;
    clear();
    console.log(`case ${index} hangs\n  again: ${again(options, index!)}`);
    process.exit(1);
  };
  const timer = setInterval(check, CHECK_MS);
  worker.on('message', (message: Report) => {
    clear();
    if (message.kind === 'finding') {
      findings++;
      const { index, what } = message.finding;
      console.log(`case ${index}: ${what}\n  again: ${again(options, index)}`);
      return;
    }
    clearInterval(timer);
    const seconds = (performance.now() - started) / 1000;
    report(options, message, seconds, findings);
    process.exitCode = findings > 0 ? 1 : 0;
  });
  process.on('SIGINT', () => {
    current[1] = 1;
  });
  worker.on('error', (error) => {
    throw error;
  });
}

function report(
  { seed, devices }: Options,
  { done, counts, slowest }: Report & { kind: 'end' },
  seconds: number,
  findings: number,
): void {
  const rate = (done / seconds).toFixed(0);
  console.log(
    `${done} ${devices ? 'devices' : 'machines'} attacked, seed ${seed}, in ${seconds.toFixed(0)} s (${rate} a second): ${findings} findings`,
  );
  console.log(`the slowest is case ${slowest.index}, ${slowest.ms.toFixed(0)} ms`);
  for (const [what, number] of counts.sort((a, b) => b[1] - a[1]))
    console.log(`  ${String(number).padStart(12)} ${what}`);
}

exitOnBrokenPipe();
if (isMainThread) {
  try {
    const options = readOptions();
    if (options.ports) await ports(options, new URL(import.meta.url));
    else watch(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  }
} else if (workerData.attack) await attackInThread(workerData.attack);
else work(workerData.options, new Float64Array(workerData.buffer));
