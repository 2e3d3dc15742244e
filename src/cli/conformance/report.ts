/** The report of `vmft conformance` as text. */
import { type Line, line } from '../../report/styled-text.ts';
import type { Ending, Result } from './run-test.ts';

/** What is reported. */
export interface Facts {
  folder: string;
  /** Number of selected programs; an interrupted command has fewer results. */
  programs: number;
  results: readonly Result[];
  interrupted: boolean;
}

const COLUMN_GAP = 2;
const LINE_MAX = 60;
/** riscv-test-env sets these bits of the number after a trap without a handler (1337 in `tohost`). */
const UNEXPECTED = 1337 >> 1;

function endingText(ending: Ending): string {
  switch (ending.outcome) {
    case 'passed':
      return 'passed';
    case 'failed':
      return (ending.test & UNEXPECTED) === UNEXPECTED
        ? 'failed: an unexpected trap'
        : `failed: test ${ending.test}`;
    case 'timed-out':
      return 'timed out';
    case 'asleep':
      return 'waits for an interrupt that cannot come';
    case 'refused':
      return `refused: ${ending.reason}`;
    case 'broke-vmft':
      return `a bug in vmft: ${ending.reason}`;
  }
}

/** The last line that a failed program printed, and its unanswered HTIF command. */
function remarks({ printed = '', unanswered }: Result): string {
  const line = printed.trimEnd().split('\n').at(-1)!.slice(-LINE_MAX);
  return [
    ...(line ? [`; it printed '${line}'`] : []),
    ...(unanswered ? [`; unanswered HTIF command ${unanswered} in its tohost`] : []),
  ].join('');
}

const textOf = (result: Result): string =>
  `${endingText(result)}${result.outcome === 'passed' ? '' : remarks(result)}`;

const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** The report under `--quiet`: programs that did not pass or were not run. */
export function quietLines({ programs, results, interrupted }: Facts): Line[] {
  const failed = results.filter(({ outcome }) => outcome !== 'passed');
  return [
    ...failed.map((result) => [`${result.name}: ${textOf(result)}`]),
    ...(interrupted ? [interruptedLine(programs, results)] : []),
  ];
}

const interruptedLine = (programs: number, results: readonly Result[]): Line => [
  `interrupted: ${programs - results.length} were not run`,
];

/** The full report, as a table. */
export function reportLines({ programs, results, interrupted }: Facts): Line[] {
  const rows = results.map((result) => [result.name, grouped(result.steps), textOf(result)] as const);
  const head = ['program', 'steps', 'result'] as const;
  const width = (column: 0 | 1) => Math.max(...[head, ...rows].map((row) => row[column].length));
  const [nameWidth, stepsWidth] = [width(0), width(1) + COLUMN_GAP];
  const row = ([name, steps, ending]: readonly [string, string, string]) =>
    `${name.padEnd(nameWidth)}${steps.padStart(stepsWidth)}${' '.repeat(COLUMN_GAP)}${ending}`;
  const passed = results.filter(({ outcome }) => outcome === 'passed').length;
  const total = `${passed} of ${results.length} passed`;
  return [
    line('heading', row(head)),
    ...rows.map((cells, index) =>
      results[index]!.outcome === 'passed' ? [row(cells)] : line('bad', row(cells)),
    ),
    [],
    passed === results.length ? line('good', total) : line('alarm', total),
    ...(interrupted ? [interruptedLine(programs, results)] : []),
  ];
}
