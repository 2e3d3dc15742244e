/** The stages of a trial: a quick campaign, the stories and the unit tests, until one of them detects the mutation. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { packageRoot } from '../../src/lib/package.ts';
import { type Mutation, mutated, pathOf } from './mutation.ts';

/** The stages that the bundled trial has (trial.ts); after them come the unit tests. */
export type TrialStage = 'campaign' | 'stories';

/** What detected a mutation. */
export interface Notice {
  by: TrialStage | 'tests';
  /** Runs, stories or tests until then; 0 when none ended. */
  runs: number;
  /** What it found. */
  what: string;
}

/** A mutation and what detected it. */
export interface Trial {
  mutation: Mutation;
  /** Null when the mutation survived. */
  notice: Notice | null;
}

const root = `${packageRoot()}/`;
/** A trial without output for this long hangs: its guest, or the protocol, does not terminate. */
const HANG_MS = 120_000;
/** The most of a child's output that is kept. */
const MAX_OUTPUT = 1 << 20;

const ofCheckers = ({ file }: Mutation): boolean =>
  file.startsWith('check/') || ['sim/cluster/observer.ts', 'sim/cluster/evidence.ts'].includes(file);

/** Tries one mutation. `place`: of the worker, for the name of its file. */
export async function tryMutation(mutation: Mutation, runs: number, place: number): Promise<Trial> {
  const program = `${root}dist/mutant-${place}.js`;
  try {
    await bundle(mutation, program);
    const tests = () => unitTests(mutation);
    const trials = async () =>
      (await runTrial(program, 'campaign', runs)) ?? (await runTrial(program, 'stories', runs));
    // A campaign of a correct protocol cannot detect a checker that misses violations.
    const [first, second] = ofCheckers(mutation) ? [tests, trials] : [trials, tests];
    return { mutation, notice: (await first()) ?? (await second()) };
  } finally {
    rmSync(program, { force: true });
  }
}

/** The trial's program, with the mutation in it. */
const bundle = (mutation: Mutation, outfile: string) =>
  build({
    absWorkingDir: root,
    entryPoints: ['tools/mutate/trial.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    define: { VMFT_VERSION: '"mutant"' },
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
    },
    plugins: [
      {
        name: 'mutation',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            path === pathOf(mutation) ? { contents: mutated(mutation), loader: 'ts' } : undefined,
          ),
      },
    ],
  });

async function runTrial(program: string, stage: TrialStage, runs: number): Promise<Notice | null> {
  let last = '';
  let lives = 0;
  const { code, hangs } = await watch(
    spawn(process.execPath, [program, stage, String(runs)], { stdio: ['ignore', 'pipe', 'ignore'] }),
    (line) => {
      if (line === '.') lives++;
      else last = line;
    },
  );
  if (hangs) return { by: stage, runs: lives + 1, what: 'it does not terminate' };
  if (code !== 0) return { by: stage, runs: lives + 1, what: `exit code ${code}` };
  return JSON.parse(last) as Notice | null;
}

async function unitTests(mutation: Mutation): Promise<Notice | null> {
  const lines: string[] = [];
  let kept = 0;
  const { code, hangs } = await watch(
    spawn(
      process.execPath,
      [
        `${root}node_modules/vitest/vitest.mjs`,
        'run',
        '--bail',
        '1',
        '--config',
        'tools/mutate/vitest.config.ts',
      ],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, VMFT_MUTATION: mutation.name, THOROUGH: '1', NO_COLOR: '1' },
      },
    ),
    (line) => {
      kept += line.length;
      if (kept < MAX_OUTPUT) lines.push(line);
    },
  );
  if (hangs) return { by: 'tests', runs: 0, what: 'they do not terminate' };
  if (code === 0) return null;
  const failed = lines.find((line) => /^\s*(FAIL|×)/.test(line)) ?? lines.find((line) => /Error/.test(line));
  return {
    by: 'tests',
    runs: 0,
    what: failed?.replace(/^\s*(FAIL|×)\s*| \d+ms$/g, '').trim() ?? `exit code ${code}`,
  };
}

/** Reads a child's lines until it ends, and kills it when it is silent for too long. */
function watch(
  child: ChildProcess,
  take: (line: string) => void,
): Promise<{ code: number | null; hangs: boolean }> {
  return new Promise((resolve, reject) => {
    let hangs = false;
    const hang = () => {
      hangs = true;
      child.kill('SIGKILL');
    };
    let timer = setTimeout(hang, HANG_MS);
    for (const stream of [child.stdout, child.stderr])
      if (stream)
        createInterface({ input: stream }).on('line', (line) => {
          clearTimeout(timer);
          timer = setTimeout(hang, HANG_MS);
          take(line);
        });
    const stop = () => child.kill('SIGKILL');
    process.once('exit', stop);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      process.off('exit', stop);
      resolve({ code, hangs });
    });
  });
}
