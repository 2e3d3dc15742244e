import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { engines } from './src/cpu/engine.ts';

/** What runs instructions is tested with every engine; what is built on that, with the usual one. */
const onEveryEngine = [
  'test/cpu/{accessed-dirty,bits,changed,compressed,fuzzed,hart,hash,interpreter,mmu,properties,records}.test.ts',
  'test/cpu/float/{instructions,state}.test.ts',
  'test/vmm/{hostile,hostile-guests,restore}.test.ts',
];

/** Campaigns, faults at many positions, killed and installed programs: not in `npm test`. */
const slow = [
  'test/sim/{campaign,control,crash-*,disk,faults,flat,fork,guest-clock,large-requests,members,protection,stuck,traced-runs,typing}.test.ts',
  'test/cli/{bisect,boot,chaos,conformance,diff,files,fork,images,index-recording,live-run,packed,page,quiet,record,replay,report-command,stuck,trace,verify}.test.ts',
  // Runs with a wrong instruction table, in modules that other files of a shared process must not get.
  'test/debug/bisect.test.ts',
  'test/cpu/translator/accesses.test.ts',
  'test/vmm/delta.test.ts',
  'test/lib/library.test.ts',
  'test/web/search.test.ts',
  'test/debug/trace/tracer.test.ts',
  'test/host/{cluster,ended,evidence-judged,full-disk,killed,storage-crash,storage-killed,wire-links,wire-strangers}.test.ts',
];

/** Protected VMs of real processes in real time: `npm run test:real` gives each of them the machine for itself. */
const realTime = ['test/host/{debian-killed,redis-killed}.test.ts'];

/** What needs nothing but programs of others. */
const onlyReal = [
  'test/host/debian-disk.test.ts',
  'test/symbols/addr2line.test.ts',
  'test/cli/tshark.test.ts',
  'test/debug/gdb/{docs,gdb,linux,mi}.test.ts',
  'test/web/{page,parts,playground,real-run}.test.ts',
];

/** What needs programs of others: `npm run test:real`. The rest of these files runs with it. */
const real = ['test/host/{etcd,nbd,switch-ports}.test.ts', ...onlyReal];

const shared = {
  pool: 'forks' as const,
  testTimeout: 300_000,
  hookTimeout: 300_000,
  // As the commands do (src/cli/engine.ts).
  execArgv: process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [],
};

/** With programs of others, and the Debian guest. */
const withOthers = { env: { VMFT_REAL: '1' }, globalSetup: 'test/host/debian.ts' };

/*
 * A process per test file gives its guest memories back when the file ends, which campaigns and whole engines need. The
 * projects of `npm test` share processes instead: a third of their time would go into starting them and loading modules.
 */
export default defineConfig({
  test: {
    globalSetup: 'test/build.ts',
    // By itself it would leave one core of two idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          ...shared,
          name: 'fast',
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [...onEveryEngine, ...slow, ...onlyReal, ...realTime],
        },
      },
      { test: { ...shared, name: 'slow', include: slow } },
      { test: { ...shared, ...withOthers, name: 'real', include: real } },
      { test: { ...shared, ...withOthers, name: 'real-time', include: realTime } },
      ...engines.map((engine) => ({
        test: {
          ...shared,
          name: engine,
          isolate: engine !== 'check',
          include: onEveryEngine,
          env: { VMFT_ENGINE: engine },
        },
      })),
    ],
  },
});
