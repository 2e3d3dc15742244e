/** The report as Markdown tables, in the form that docs/performance.md contains. */

import type { Spread } from './measure.ts';
import { geometricMean, type ProgramFigures } from './programs.ts';
import type { Compared, RedisFigures } from './redis.ts';
import type { Report } from './report.ts';

const number = (value: number): string =>
  value >= 100
    ? Math.round(value).toLocaleString('en').replaceAll(',', ' ')
    : value >= 10
      ? value.toFixed(1)
      : value >= 0.1
        ? value.toFixed(2)
        : value.toPrecision(2);

const spread = ({ median, min, max }: Spread): string => `${number(median)} (${number(min)}–${number(max)})`;

const scaled = ({ median, min, max }: Spread, by: number): Spread => ({
  median: median * by,
  min: min * by,
  max: max * by,
});

function rows(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...body.map(line)].join(
    '\n',
  );
}

const percent = ({ median, min, max }: Spread): string => {
  const of = (value: number) => `${value >= 1 ? '+' : '−'}${Math.abs((value - 1) * 100).toFixed(1)} %`;
  return `${of(median)} (${of(min)} to ${of(max)})`;
};

export function table(report: Report): string {
  const {
    machine,
    times,
    speed,
    programs,
    devices,
    recording,
    replication,
    startup,
    growth,
    simulator,
    host,
  } = report;
  const parts = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node.js ${machine.node}; each ${times} times, in turn: median (least–most)`,
  ];
  if (speed) {
    const engines = [...new Set(Object.values(speed).flatMap(({ rates }) => Object.keys(rates)))];
    parts.push(
      '### Guest speed, million steps a second',
      rows(
        ['guest', 'steps', ...engines, "QEMU's time / the translator's"],
        Object.entries(speed).map(([name, { steps, rates, overQemu }]) => [
          name,
          number(steps),
          ...engines.map((engine) => (rates[engine] ? spread(rates[engine]) : '')),
          overQemu ? spread(overQemu) : '',
        ]),
      ),
    );
  }
  for (const [mode, figures] of Object.entries(programs ?? {})) parts.push(...programTable(mode, figures));
  if (devices)
    parts.push(
      '### Devices, microseconds of processor time for a request',
      rows(
        ['request', 'vmft, the machine alone', '`vmft run`', 'QEMU', "QEMU's / the machine's alone"],
        Object.entries(devices).map(([name, { alone, run, qemu }]) => [
          name,
          spread(alone),
          run ? spread(run) : '',
          qemu ? spread(qemu) : '',
          qemu ? number(qemu.median / alone.median) : '',
        ]),
      ),
    );
  if (recording)
    parts.push(
      '### Recording: time by time without, both by turns of 2 ms',
      rows(
        [
          ...['guest', 'steps', 'entries', 'file, bytes', 'to memory', 'to disk'],
          ...['images, beside the run, ms', 'replay by recording to memory'],
        ],
        Object.entries(recording).map(([name, cost]) => [
          name,
          number(cost.steps),
          number(cost.entries),
          number(cost.bytes),
          percent(cost.memory),
          percent(cost.disk),
          spread(scaled(cost.imageSeconds, 1000)),
          percent(cost.replay),
        ]),
      ),
    );
  if (replication)
    parts.push(
      '### Fault tolerance in the simulator: wall time with a backup by without, both machines in one thread',
      rows(
        ['guest', 'steps', 'FT / no FT', 'log, bytes per 1 000 steps', 'channel, Mbit per virtual second'],
        Object.entries(replication).map(([name, cost]) => [
          name,
          number(cost.steps),
          spread(cost.ratio),
          number(cost.logBytesPerKilostep),
          number(cost.logMbitPerVirtualSecond),
        ]),
      ),
    );
  if (startup)
    parts.push(
      '### Start-up',
      rows(
        ['', 'ms', 'peak memory, MB'],
        [
          ['`vmft run programs/hello.s`, to its exit', spread(startup.hello), number(startup.peakMB)],
          ['Node.js alone', spread(startup.node), ''],
        ],
      ),
    );
  if (growth)
    parts.push(
      '### Growth, with a backup',
      rows(
        ['of', 'to', 'seconds', 'steps', 'log, bytes per 1 000 steps', 'peak memory, MB', 'kept, MB'],
        growth.map(({ of, value, seconds, steps, logBytesPerKilostep, peakMB, keptMB }) => [
          of,
          value,
          number(seconds),
          number(steps),
          number(logBytesPerKilostep),
          number(peakMB ?? 0),
          number(keptMB ?? 0),
        ]),
      ),
    );
  if (simulator)
    parts.push(
      '### The simulator',
      rows(
        ['', ''],
        [
          ['failovers a minute, kv under drawn crashes, one core', number(simulator.failoversPerMinute)],
          ['runs a minute', number(simulator.runsPerMinute)],
          ['idle guest: virtual by real time', number(simulator.virtualByReal)],
          ['idle guest: channel, Mbit per virtual second', number(simulator.idleLogMbit)],
          ['256 MB copied while it runs: stop, ms of virtual time', number(simulator.largeCopy.stopMs)],
          ['… rounds', number(simulator.largeCopy.rounds)],
          [
            '… re-protected, ms of virtual time after the failure',
            number(simulator.largeCopy.reprotectionMs),
          ],
        ],
      ),
    );
  if (host)
    parts.push(
      '### Real processes on this machine',
      rows(
        ['', ''],
        [
          [
            "computing, with a backup: million steps in a second of the primary's processor time",
            spread(host.protectedRate),
          ],
          ['… alone', spread(host.aloneRate)],
          ['… with a backup / alone', spread(host.compute)],
          ['… logging channel, Mbit/s', spread(host.computeLogMbit)],
          ['idle guest, primary: share of a core', `${(host.idlePrimary * 100).toFixed(1)} %`],
          ['… backup', `${(host.idleBackup * 100).toFixed(1)} %`],
          ["`kill -9` of the primary: a terminal's wait for its answer, ms", spread(host.gapMs)],
          ...(host.redis ? redisRows(host.redis) : []),
        ],
      ),
      ...(host.redis ? [redisTable(host.redis)] : []),
    );
  return parts.join('\n\n');
}

function programTable(mode: string, figures: Readonly<Record<string, ProgramFigures>>): string[] {
  const all = Object.values(figures);
  const found = all.flatMap(({ ratio }) => (ratio ? [ratio] : []));
  const mean = ['geometric mean', '', '', '', '', number(geometricMean(found))];
  return [
    `### Programs in ${mode}: seconds of processor time, and of wall time`,
    rows(
      ['program', 'vmft', '… wall', 'QEMU', '… wall', "QEMU's processor time / vmft's"],
      [
        ...Object.entries(figures).map(([name, { vmft, qemu, ratio }]) => [
          name,
          spread(vmft.processor),
          spread(vmft.wall),
          qemu ? spread(qemu.processor) : '',
          qemu ? spread(qemu.wall) : '',
          ratio ? spread(ratio) : '',
        ]),
        ...(found.length > 0 ? [mean] : []),
      ],
    ),
  ];
}

const comparedRow = (what: string, of: Compared): string[] => [
  what,
  ...[of.aloneRate, of.protectedRate, of.ratio, of.aloneUs, of.protectedUs, of.timeRatio, of.logMbit].map(
    spread,
  ),
];

const redisTable = ({ set, get, receive, transmit }: RedisFigures): string =>
  rows(
    [
      ...['Redis in Debian', 'alone, requests/s', 'with a backup', 'ratio'],
      ...[
        'processor time of the primary: alone, µs a request',
        'with a backup',
        'ratio',
        'logging channel, Mbit/s',
      ],
    ],
    [
      comparedRow('SET, 10 clients', set),
      comparedRow('GET, 10 clients', get),
      comparedRow('64 KiB received (SET), 4 clients', receive),
      comparedRow('64 KiB transmitted (GET), 4 clients', transmit),
    ],
  );

const redisRows = ({ waitMs, ...rest }: RedisFigures): string[][] => [
  ['one client that pauses 2 ms: its wait, ms, with a backup', spread(waitMs.protected)],
  ['… alone', spread(waitMs.alone)],
  ['idle Debian guest, primary: share of a core', `${(rest.idlePrimary * 100).toFixed(1)} %`],
  ['… backup', `${(rest.idleBackup * 100).toFixed(1)} %`],
  ['… without a backup', `${(rest.idleAlone * 100).toFixed(1)} %`],
  ["a minute of that client: the guest's clock, parts of a million too fast", number(rest.clockPpm)],
  ['… false suspicions', String(rest.suspicions)],
  ["`kill -9` of the primary: that client's longest wait, ms", spread(rest.gapMs)],
];
