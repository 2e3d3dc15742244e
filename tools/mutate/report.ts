/** The results of all trials, as Markdown. */
import type { Notice, Trial } from './stages.ts';

/** What is reported. */
export interface Report {
  trials: readonly Trial[];
  /** Runs of each configuration of the campaign. */
  runs: number;
  seconds: number;
}

/** Mutations that nothing detected and that are not known to be harmless. */
export const unexplained = (trials: readonly Trial[]): Trial[] =>
  trials.filter(({ mutation, notice }) => !notice && mutation.harmless === undefined);

const columns: readonly Notice['by'][] = ['campaign', 'stories', 'tests'];

/** The file that a mutation changes, without its suffix. */
const partOf = ({ mutation }: Trial): string => mutation.file.replace(/\.ts$/, '');

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const inCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

/** The report, line by line. */
export function reportLines({ trials, runs, seconds }: Report): string[] {
  const survivors = unexplained(trials);
  return [
    `${trials.length} mutations in ${Math.round(seconds / 60)} min, ${runs} runs of each configuration: ${survivors.length} unexplained`,
    '',
    ...summary(trials),
    '',
    ...whole(trials),
    ...(survivors.length > 0
      ? ['', `unexplained: ${survivors.map(({ mutation }) => mutation.name).join(', ')}`]
      : []),
  ];
}

/** The numbers of mutations of each file by what detected them. */
function summary(trials: readonly Trial[]): string[] {
  const parts = [...new Set(trials.map(partOf))];
  const counts = (of: readonly Trial[]) => [
    of.length,
    ...columns.map((by) => of.filter(({ notice }) => notice?.by === by).length),
    of.filter(({ notice, mutation }) => !notice && mutation.harmless !== undefined).length,
    unexplained(of).length,
  ];
  return [
    row(['mutations of', 'all', ...columns, 'harmless', 'unexplained']),
    row(['---', ...Array.from({ length: columns.length + 3 }, () => '---:')]),
    ...parts.map((part) => row([part, ...counts(trials.filter((trial) => partOf(trial) === part))])),
    row(['**all**', ...counts(trials)]),
  ];
}

function whole(trials: readonly Trial[]): string[] {
  return [
    row(['mutation', 'noticed by', 'after', 'what it finds']),
    row(['---', '---', '---:', '---']),
    ...trials.map(({ mutation, notice }) =>
      notice
        ? row([mutation.name, notice.by, notice.runs || '', inCell(notice.what)])
        : row([
            mutation.name,
            mutation.harmless ? 'harmless' : '**nothing**',
            '',
            inCell(mutation.harmless ?? ''),
          ]),
    ),
  ];
}
