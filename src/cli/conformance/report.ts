/** What conformance programs came to, for people. */
import { type Line, line } from '../../report/styled-text.ts';
import type { Ending, Result } from './run-test.ts';

export interface Facts {
  folder: string;
  /** How many were to be run; fewer have been when the user had enough. */
  programs: number;
  results: readonly Result[];
  interrupted: boolean;
}

const COLUMN_GAP = 2;
const LINE_MAX = 60;
/** riscv-test-env sets these bits of the number when a trap comes that the program has no handler for (1337 in `tohost`). */
const UNEXPECTED = 1337 >> 1;

function endingText(ending: Ending): string {
  switch (ending.outcome) {
    case 'passed':
      return 'passed';
    case 'failed':
      return (ending.test & UNEXPECTED) === UNEXPECTED
        ? 'failed: a trap that it did not expect'
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

/** What else there is to say of a program that did not pass: the last line that it printed, and what it waits for. */
function remarks({ printed = '', unanswered }: Result): string {
  const line = printed.trimEnd().split('\n').at(-1)!.slice(-LINE_MAX);
  return [
    ...(line ? [`; it printed '${line}'`] : []),
    ...(unanswered ? [`; nobody answers the ${unanswered} in its tohost`] : []),
  ].join('');
}

const textOf = (result: Result): string =>
  `${endingText(result)}${result.outcome === 'passed' ? '' : remarks(result)}`;

const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** What `--quiet` leaves: the programs that did not pass, and whether some were not run. Nothing, when all passed. */
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
