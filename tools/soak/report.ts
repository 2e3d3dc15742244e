/** The report of a soak, as Markdown tables. */
import type { RoundResult } from './round.ts';
import { type Growth, grows, median, type RoleUsage } from './usage.ts';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}

const whole = (value: number): string => value.toFixed(0);
const growth = (value: Growth | undefined): string =>
  value ? `${whole(value.from)} → ${whole(value.to)}` : '';

/** What the clients have seen of each kind of failure. */
function failureTable(results: readonly RoundResult[]): string {
  const outcomes = results.flatMap((one) => one.outcomes);
  const rows = [...new Set(outcomes.map(({ kind }) => kind))].sort().map((kind) => {
    const those = outcomes.filter((one) => one.kind === kind);
    const gaps = those.map(({ gapMs }) => gapMs);
    const seconds = those.map(({ recoveredMs }) => recoveredMs / 1000);
    return [
      ...[kind, `${those.length}`, `${those.filter(({ isFailover }) => isFailover).length}`],
      ...[whole(median(gaps)), whole(Math.max(...gaps))],
      ...[median(seconds).toFixed(1), Math.max(...seconds).toFixed(1)],
    ];
  });
  const head = [
    'failure',
    'times',
    'failovers',
    'longest wait, ms: median',
    'worst',
    'recovered, s: median',
    'worst',
  ];
  return table(head, rows);
}

function usageTable(roles: readonly RoleUsage[]): string {
  const rows = roles.map((role) => [
    ...[role.role, `${role.lives}`, whole(role.peakMb), `${role.peakDescriptors}`, `${role.longLives}`],
    ...[
      growth(role.mb),
      growth(role.descriptors),
      role.longLives === 0 ? '' : grows(role) ? 'GROWS' : 'flat',
    ],
  ]);
  const head = [
    'process',
    'lives',
    'MB, peak',
    'descriptors, peak',
    'lives ≥ 1 min',
    'MB, growth',
    'descriptors',
    '',
  ];
  return table(head, rows);
}

/** All of it. */
export function report(results: readonly RoundResult[], roles: readonly RoleUsage[]): string {
  const sum = (value: (one: RoundResult) => number) => results.reduce((total, one) => total + value(one), 0);
  const findings = results.flatMap((one) => one.findings);
  const lost = results.filter(({ isLost }) => isLost).length;
  return [
    failureTable(results),
    `A wait is that of a client for an answer; recovered: protected and connected as before.`,
    usageTable(roles),
    'Growth: medians of the second and the last quarter of the life that has grown most.',
    `${results.length} clusters, ${sum(({ outcomes }) => outcomes.length)} failures, ${sum(({ answered }) => answered)} ` +
      `answers checked; ${findings.length} findings; VMs lost by two failures at once: ${lost}`,
    ...findings.map(({ kind, text }) => `${kind}: ${text}`),
    ...results.flatMap(({ kept }) =>
      kept ? [`evidence and logs: ${kept}; again: vmft judge ${kept}/evidence`] : [],
    ),
  ].join('\n\n');
}
