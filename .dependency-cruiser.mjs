import { bundled } from './scripts/bundled.mjs';

/** The layers that know nothing of the machine they run on. */
const pure = 'base symbols cpu devices asm vmm replay debug ft cluster check sim report'.split(' ');

// What each layer may import: itself, and the layers named beside it.
const layers = {
  base: [],
  symbols: ['base'],
  cpu: ['base'],
  devices: ['base'],
  asm: ['base', 'cpu'],
  vmm: ['base', 'cpu', 'devices', 'asm'],
  replay: ['base', 'cpu', 'devices', 'vmm'],
  debug: ['base', 'symbols', 'cpu', 'devices', 'asm', 'vmm', 'replay'],
  ft: ['base', 'cpu', 'devices', 'vmm', 'replay'],
  cluster: ['base', 'cpu', 'devices', 'vmm', 'replay', 'ft'],
  check: ['base', 'cpu', 'devices', 'vmm', 'replay', 'ft', 'cluster'],
  sim: ['base', 'cpu', 'devices', 'vmm', 'replay', 'debug', 'ft', 'cluster', 'check'],
  report: ['base', 'symbols', 'cpu', 'devices', 'vmm', 'replay', 'ft', 'cluster', 'check', 'sim'],
  lib: pure,
  host: ['base', 'cpu', 'devices', 'vmm', 'replay', 'ft', 'cluster'],
  cli: [...pure, 'host', 'lib'],
  web: [...pure, 'host'],
};

// The simulator's folders, from the bottom up: each may import itself and those before it.
const simulator = ['values', 'faults', 'spec', 'world', 'cluster', 'trace', 'story', 'campaign', 'session'];

const inside = (names) => `^src/(${names.join('|')})/`;

// The programs for those who work on vmft; what several of them and the tests use stands in tools/testing.
const tools = ['testing', 'bench', 'fuzz', 'hostile', 'mutate', 'soak'];

export default {
  forbidden: [
    ...Object.entries(layers).map(([layer, below]) => ({
      name: `layer-${layer}`,
      comment: `src/${layer} imports only: ${[layer, ...below].join(', ')}.`,
      severity: 'error',
      from: { path: inside([layer]) },
      to: { dependencyTypes: ['local'], pathNot: inside([layer, ...below]) },
    })),
    ...simulator.map((folder, index) => ({
      name: `sim-${folder}`,
      comment: `src/sim/${folder} imports of the simulator only: ${simulator.slice(0, index + 1).join(', ')}.`,
      severity: 'error',
      from: { path: `^src/sim/${folder}/` },
      to: { path: '^src/sim/', pathNot: `^src/sim/(${simulator.slice(0, index + 1).join('|')})/` },
    })),
    {
      name: 'sim-folders',
      comment: 'Every file of the simulator is in one of its folders.',
      severity: 'error',
      from: { path: '^src/sim/', pathNot: `^src/sim/(${simulator.join('|')})/` },
      to: {},
    },
    ...tools.map((tool) => ({
      name: `tool-${tool}`,
      comment: `tools/${tool} imports only itself, tools/testing and src.`,
      severity: 'error',
      from: { path: `^tools/${tool}/` },
      to: { dependencyTypes: ['local'], pathNot: `^(tools/(${tool}|testing)|src)/` },
    })),
    {
      name: 'known-layer',
      comment: 'Every source file belongs to one of the layers.',
      severity: 'error',
      from: { path: '^src/', pathNot: inside(Object.keys(layers)) },
      to: {},
    },
    {
      name: 'pure',
      comment: `The pure layers (${pure.join(', ')}) do not import Node's own modules.`,
      severity: 'error',
      from: { path: inside(pure) },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-cycles',
      comment: 'No import cycles.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'declared-packages',
      comment: `The only npm packages in src are those that are bundled (${bundled.join(', ')}).`,
      severity: 'error',
      from: { path: '^src/' },
      to: { path: 'node_modules', pathNot: `node_modules/(@types/)?(${bundled.join('|')})/` },
    },
    {
      name: 'one-painter',
      comment:
        'Only src/cli/terminal/paint.ts knows colours: everything else says what a text is (src/report).',
      severity: 'error',
      from: { path: '^(src|tools)/', pathNot: '^src/cli/terminal/paint.ts$' },
      to: { path: 'node_modules/chalk/' },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
  },
};
