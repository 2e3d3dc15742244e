/** What `vmft bisect` has found, as text and as JSON. */
import { disassemble } from '../../asm/disassembler.ts';
import { hexOf } from '../../base/text.ts';
import type { ByteDifference, Explanation, WordDifference } from '../../debug/bisect/explain.ts';
import type { Numbered } from '../../debug/bisect/logs.ts';
import type { Executed } from '../../debug/bisect/retry.ts';
import { CODE_REGISTERS } from '../../report/difference.ts';
import { entryJson, entryRow } from '../../report/entries.ts';
import { type Line, line, styled } from '../../report/styled-text.ts';
import type { Naming } from '../../symbols/naming.ts';
import { describeEntry } from '../../vmm/entries.ts';
import type { Difference } from '../../vmm/snapshot.ts';
import type { Report } from './bisect-result.ts';

/** The most places in memory that are shown, and bytes of each. */
const SHOWN_RUNS = 16;
const SHOWN_BYTES = 16;
/** The width of a column with a register's value. */
const WIDTH = 18;

const hex = (value: bigint): string => value.toString(16).padStart(16, '0');
const signed = (address: bigint): number => Number(BigInt.asIntN(64, address));

// ── Text ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The report in lines. */
export function reportLines(report: Report, naming: Naming): Line[] {
  const { difference, start, engineDifference, states } = report;
  return [
    line('heading', headline(report)),
    ...logLines(report),
    ...(difference ? explanationLines(report, difference, naming) : []),
    ...(start
      ? [line('bad', 'they differ before the first step, in the machine itself:'), ...stateLines(start)]
      : []),
    ...(engineDifference ? engineLines(engineDifference, naming) : []),
    ...(difference || start || engineDifference ? [] : [equalLine(report)]),
    ...checkLines(report),
    ...states.flatMap(({ path, icount, difference }) =>
      difference.equal
        ? [line('good', `${path}: at icount ${icount} the replay is in this state`)]
        : [
            line('bad', `${path}: at icount ${icount} the replay (A) is in another state than this one (B)`),
            ...stateLines(difference),
          ],
    ),
    ...unknownLines(report),
  ];
}

function headline({ program, steps, logs, sides }: Report): string {
  const [a, b] = sides;
  const what = logs.isOne
    ? `${logs.a.path}: ${program}, ${steps} steps, ${logs.a.count} entries`
    : `${program}, ${steps} steps`;
  return b ? `${what}; A is ${a!.name}, B is ${b.name}` : `${what}, by ${a!.name}`;
}

function logLines({ logs }: Report): Line[] {
  if (logs.isOne) return [];
  const { difference } = logs;
  if (!difference) return [line('good', 'their logs have the same inputs')];
  const { a, b } = difference;
  const text = (name: string, one: Numbered | undefined): Line => [
    `  ${name}  ${one ? entryRow(one.number, one.entry) : 'nothing more'}`,
  ];
  if (a && b) return [line('bad', 'their logs differ first in'), text('A', a), text('B', b)];
  return [
    line('warning', 'the log of one goes on where that of the other ends:'),
    text('A', a),
    text('B', b),
  ];
}

function equalLine({ sides, steps, logs }: Report): Line {
  const [a, b] = sides;
  const { problem } = a!;
  if (problem !== undefined) {
    const who = b ? 'both replays contradict their log' : 'the replay contradicts its log';
    return line('bad', `${who} ${problem}: an input that the log does not have`);
  }
  if (!b) return line('aside', `replayed to icount ${steps}`);
  if (logs.difference?.a && logs.difference.b)
    return line('warning', `the states are equal wherever they were compared, up to icount ${steps}`);
  return line('good', `equal up to icount ${steps}`);
}

function explanationLines(report: Report, found: Explanation, naming: Naming): Line[] {
  const { during, icount, executed, path, words, devices, bytes, entryBefore, entries, problems } = found;
  const where =
    during === 'step'
      ? `equal up to icount ${icount}; the states differ after step ${icount}:`
      : `equal up to icount ${icount}; the states differ after the inputs that are applied there:`;
  const row = (name: string, one: Numbered): Line => [`  ${name}  ${entryRow(one.number, one.entry)}`];
  const shown = bytes.slice(0, SHOWN_RUNS);
  return [
    line('bad', where),
    ...(path.length > 0
      ? [['  the translated code, up to this step:'], ...path.map((one) => executedLine(one, naming))]
      : [executed ? executedLine(executed, naming) : standsLine(found.pc, naming)]),
    ...(entryBefore ? [row('entry before', entryBefore)] : []),
    ...entries.a.map((one) => row('  A receives', one)),
    ...entries.b.map((one) => row('  B receives', one)),
    ...(['a', 'b'] as const).flatMap((side) =>
      problems[side] === undefined ? [] : [[`  ${side.toUpperCase()} contradicts its log ${problems[side]}`]],
    ),
    ...(words.length > 0 ? wordLines(words, naming) : []),
    ...(devices.length > 0 ? [[`  devices: ${devices.join(', ')}`]] : []),
    ...shown.map((one) => byteLine(one, naming)),
    ...(bytes.length > shown.length ? [[`  … and bytes at ${bytes.length - shown.length} more places`]] : []),
    [styled('heading', 'cause: '), causeText(report, found, naming)],
  ];
}

/** Where the guest stands while inputs are applied. */
function standsLine(pc: bigint, naming: Naming): Line {
  const name = naming(pc);
  return [`  ${hex(pc)}`, ...(name === undefined ? [] : [styled('aside', `   ${name}`)])];
}

function executedLine({ pc, word, interrupted }: Executed, naming: Naming): Line {
  const digits = word !== undefined && (word & 3) !== 3 ? 4 : 8;
  const text =
    word === undefined
      ? 'no instruction can be fetched there'
      : `${word.toString(16).padStart(digits, '0')}  ${disassemble(word, signed(pc), { symbols: naming })}`;
  const name = naming(pc);
  return [
    `  ${hex(pc)}  ${text}`,
    ...(name === undefined ? [] : [styled('aside', `   ${name}`)]),
    ...(interrupted ? [styled('aside', '   (after an interrupt)')] : []),
  ];
}

function wordLines(words: readonly WordDifference[], naming: Naming): Line[] {
  const name = Math.max(8, ...words.map((one) => one.name.length));
  const cells = (...texts: string[]) => texts.map((text) => text.padEnd(WIDTH)).join('');
  return [
    line('heading', `  ${''.padEnd(name)}  ${cells('A', 'B', 'before')}`.trimEnd()),
    ...words.map((one): Line => {
      const places = [...new Set([one.a, one.b])].map(naming).filter((place) => place !== undefined);
      const note = CODE_REGISTERS.has(one.name) && places.length > 0 ? `  ${places.join(' / ')}` : '';
      return [
        styled(
          'bad',
          `≠ ${one.name.padEnd(name)}  ${cells(hex(one.a), hex(one.b), hex(one.before))}`.trimEnd(),
        ),
        ...(note ? [styled('aside', note)] : []),
      ];
    }),
  ];
}

function byteLine({ address, before, a, b, written }: ByteDifference, naming: Naming): Line {
  const name = naming(BigInt(address));
  const cut = (bytes: Uint8Array) =>
    hexOf(bytes.subarray(0, SHOWN_BYTES)) + (bytes.length > SHOWN_BYTES ? '…' : '');
  const size = before.length === 1 ? '1 byte' : `${before.length} bytes`;
  const by = written ? 'written here' : 'not written here';
  return line(
    'bad',
    `≠ memory at 0x${address.toString(16)}${name === undefined ? '' : ` ${name}`}, ${size}, ${by}: A ${cut(a)}, B ${cut(b)}, before ${cut(before)}`,
  );
}

/** The kind of cause, in a sentence. */
export function causeText(report: Report, found: Explanation, naming: Naming): string {
  const { cause, entries, deviant, problems, entered } = found;
  const who = report.logs.isOne && report.sides[1]?.checks ? 'engines' : 'builds';
  const side = deviant && `; ${deviant.toUpperCase()} is the one that this vmft's interpreter contradicts`;
  switch (cause) {
    case 'log': {
      const numbers = [...entries.a, ...entries.b].map(({ number }) => number);
      const { a, b } = report.logs.difference ?? {};
      const first = a?.number ?? b?.number ?? Math.min(...numbers);
      return `the logs differ from entry ${first} on`;
    }
    case 'input':
      return `an input that the log does not have: ${problems.a ?? problems.b}`;
    case 'engine':
      return `the ${who} differ in this instruction${side ?? ''}`;
    case 'translation': {
      if (!entered) return `the ${who} differ in translated code that is left after this step`;
      const place = naming(entered.pc);
      const at = `0x${entered.pc.toString(16)}${place === undefined ? '' : ` ${place}`}`;
      return `the ${who} differ in translated code, which is entered at step ${entered.icount} (${at}) and left after step ${found.icount}${side ?? ''}`;
    }
    case 'memory':
      return `memory${deviant ? ` of ${deviant.toUpperCase()}` : ''} was changed outside execution: neither the instruction nor an entry has written these bytes`;
    case 'state':
      return `registers or devices${deviant ? ` of ${deviant.toUpperCase()}` : ''} were changed outside execution`;
  }
}

function engineLines(
  { icount, executed, differences }: NonNullable<Report['engineDifference']>,
  naming: Naming,
): Line[] {
  return [
    line('bad', `the engines differ after step ${icount} (translator / interpreter):`),
    ...(executed ? [executedLine(executed, naming)] : []),
    ...differences.map((text) => line('bad', `≠ ${text}`)),
    [styled('heading', 'cause: '), 'the engines differ in translated code that ends with this step'],
  ];
}

function stateLines({ registers, devices, pages }: Difference): Line[] {
  const words = registers.filter(({ equal }) => !equal);
  return [
    ...words.map(({ name, a, b }) => line('bad', `≠ ${name.padEnd(12)}  ${hex(a)}  ${hex(b)}`)),
    ...(devices.length > 0 ? [line('bad', `≠ devices: ${devices.join(', ')}`)] : []),
    ...pages.slice(0, SHOWN_RUNS).map((page) => line('bad', `≠ the page at 0x${page.toString(16)}`)),
    ...(pages.length > SHOWN_RUNS ? [[`  … and ${pages.length - SHOWN_RUNS} more pages`]] : []),
  ];
}

function checkLines({ sides }: Report): Line[] {
  return sides.flatMap(({ name, checks }) =>
    checks?.unmet
      ? [line('bad', `${name}: a check of the recording is not met ${checks.unmet.message}`)]
      : [],
  );
}

/** Between which positions the recorded machine became another one than the replay; undefined when it did not. */
function unknownInterval({ sides, states }: Report): { after: number; until: number } | undefined {
  const checks = sides.flatMap(({ checks }) => checks ?? []);
  // A side that meets every check is what was recorded.
  if (checks.some(({ unmet }) => !unmet) && states.every(({ difference }) => difference.equal))
    return undefined;
  const ends = [
    ...checks.flatMap(({ unmet }) => unmet?.entry.icount ?? []),
    ...states.flatMap(({ icount, difference }) => (difference.equal ? [] : [icount])),
  ];
  if (ends.length === 0) return undefined;
  const until = Math.min(...ends);
  const starts = [
    0,
    ...checks.flatMap(({ met }) => met?.icount ?? []),
    ...states.flatMap(({ icount, difference }) => (difference.equal ? [icount] : [])),
  ];
  return { after: Math.max(...starts.filter((icount) => icount <= until)), until };
}

function unknownLines(report: Report): Line[] {
  const interval = unknownInterval(report);
  if (!interval) return [];
  const { after, until } = interval;
  const [, b] = report.sides;
  const agree = b && !report.difference && report.logs.isOne;
  const more = b
    ? 'another build (--build)'
    : 'another engine (--engine interpreter,translator), another build (--build)';
  return wrapped(
    [
      `The recorded machine became another one than the replay after icount ${after}, where it was last known to be equal, and at the latest at icount ${until}.`,
      ...(agree ? [`${report.sides[0]!.name} and ${b.name} agree, so it is not the execution here.`] : []),
      'At which step, this recording does not say, since its machine can not be asked again.',
      `What narrows it: the recording of another replica, a machine saved in between (--state), ${more}.`,
    ].join(' '),
  );
}

/** The width of prose. */
const PROSE_WIDTH = 118;

const wrapped = (text: string): Line[] =>
  [...text.matchAll(new RegExp(`(.{1,${PROSE_WIDTH}})(?: |$)`, 'g'))].map(([, part]) => [part!]);

// ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The report as JSON: 64-bit numbers and bytes in hexadecimal, without a prefix. */
export function reportJson(report: Report, naming: Naming): object {
  const { program, steps, logs, sides, difference, engineDifference, start, states } = report;
  const numbered = (one: Numbered | undefined) => (one ? entryJson(one.number, one.entry) : null);
  return {
    program,
    steps,
    logs: {
      files: logs.isOne ? [logs.a.path] : [logs.a.path, logs.b.path],
      firstDifference: logs.difference && {
        a: numbered(logs.difference.a),
        b: numbered(logs.difference.b),
      },
    },
    sides: sides.map(({ name, checks, problem }) => ({
      name,
      checksMet: checks?.count ?? null,
      lastCheckMet: checks?.met ? describeEntry(checks.met) : null,
      firstCheckNotMet: checks?.unmet?.message ?? null,
      problem: problem ?? null,
    })),
    difference: difference ? explanationJson(report, difference, naming) : null,
    engineDifference: engineDifference
      ? { ...engineDifference, executed: executedJson(engineDifference.executed, naming) }
      : null,
    start: start ? stateJson(start) : null,
    states: states.map(({ path, icount, difference }) => ({ path, icount, ...stateJson(difference) })),
    unknownBetween: unknownInterval(report) ?? null,
  };
}

function explanationJson(report: Report, found: Explanation, naming: Naming): object {
  const { pc, executed, words, bytes, entryBefore, entries, entered, path, problems, ...others } = found;
  const numbered = ({ number, entry }: Numbered) => entryJson(number, entry);
  return {
    ...others,
    pc: hex(pc),
    place: naming(pc) ?? null,
    problems: { a: problems.a ?? null, b: problems.b ?? null },
    sentence: causeText(report, found, naming),
    executed: executedJson(executed, naming),
    path: path.map((one) => executedJson(one, naming)),
    entered: entered ? { icount: entered.icount, pc: hex(entered.pc) } : null,
    entryBefore: entryBefore ? numbered(entryBefore) : null,
    entries: { a: entries.a.map(numbered), b: entries.b.map(numbered) },
    words: words.map(({ name, a, b, before }) => ({ name, a: hex(a), b: hex(b), before: hex(before) })),
    bytes: bytes.map(({ address, a, b, before, written }) => ({
      ...{ address: address.toString(16), a: hexOf(a), b: hexOf(b), before: hexOf(before), written },
    })),
  };
}

const executedJson = (executed: Executed | undefined, naming: Naming): object | null =>
  executed
    ? {
        pc: hex(executed.pc),
        place: naming(executed.pc) ?? null,
        word: executed.word?.toString(16) ?? null,
        text: executed.word === undefined ? null : disassemble(executed.word, signed(executed.pc)),
        interrupted: executed.interrupted,
      }
    : null;

const stateJson = ({ equal, registers, devices, pages }: Difference): object => ({
  equal,
  words: registers.filter((one) => !one.equal).map(({ name, a, b }) => ({ name, a: hex(a), b: hex(b) })),
  devices,
  pages: pages.map((page) => page.toString(16)),
});
