/** What is run: a story's text, and the form and the command that stand for it. */
import type { UnsafeRule } from '../../../ft/rules.ts';
import { shellText } from '../../../report/shell-text.ts';
import { faultText, parseFault } from '../../../sim/faults/fault-text.ts';
import type { Fault } from '../../../sim/faults/faults.ts';
import { specArguments } from '../../../sim/spec/command-line.ts';
import { defaults, mustSuit, type RunSpec, validated } from '../../../sim/spec/spec.ts';
import { parseScenario, type Scenario } from '../../../sim/story/scenario.ts';
import { storyText } from '../../../sim/story/story-text.ts';
import { memoryDefaults } from '../../../sim/values/limits.ts';
import { refuse } from '../../../sim/values/values.ts';
import { bundledStory, clientsOf, type Files, programFile, storyNames } from './guests.ts';

/** All that a run is a function of. */
export interface Setup {
  /** The text of a story. */
  story: string;
  /** The source of the guest, if it is not the bundled one. */
  source?: string;
}

/** The fields of a setup that the form has, as texts. */
export interface Form {
  /** `story NAME` or `program NAME`: what the other fields began with. */
  from: string;
  seed: string;
  /** One in each line. */
  faults: string;
  unsafe: readonly UnsafeRule[];
  /** As in {@link Setup}. */
  source?: string | undefined;
}

/** The story of a setup. @throws {OperatingError} if it is none */
export const scenarioOf = ({ story }: Setup): Scenario => parseScenario(story, 'story');

/** What a form begins with. @throws {OperatingError} if there is no such story or program */
function baseOf(files: Files, from: string): Setup {
  const [kind, name = ''] = from.split(' ');
  return { story: kind === 'story' ? bundledStory(files, name) : programStory(files, name) };
}

/** A program as `vmft run` runs it; one with a network card has clients. */
function programStory(files: Files, name: string): string {
  const clients = clientsOf(files, name);
  const { run: memorySizeBytes } = memoryDefaults;
  return storyText({ title: name, guest: name, spec: { ...defaults, clients }, memorySizeBytes });
}

/** The form of a story or program as it stands. @throws {OperatingError} if there is none of that name */
export const formFrom = (files: Files, from: string): Form => formOf(from, baseOf(files, from));

/** The form of a setup that began as `from`. */
export function formOf(from: string, setup: Setup): Form {
  const { seed, faults, unsafe } = scenarioOf(setup).spec;
  return { from, seed, faults: faults.map(faultText).join('\n'), unsafe, source: setup.source };
}

/** The name of the program that a form runs. */
export const guestOfForm = (files: Files, { from }: Form): string => scenarioOf(baseOf(files, from)).guest;

/** Where the form of a setup begins: with a bundled story, if it is one, or else its program. */
export function originOf(files: Files, setup: Setup): string {
  const name = bundledName(files, setup);
  return name === undefined ? `program ${scenarioOf(setup).guest}` : `story ${name}`;
}

/**
 * The setup that a form describes.
 * @throws {OperatingError} for a wrong fault, or one that is impossible here
 */
export function setupOf(files: Files, { from, seed, faults, unsafe, source }: Form): Setup {
  const base = baseOf(files, from);
  const { spec } = scenarioOf(base);
  const parsed = faults
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parseFault);
  return withSpec(
    { ...base, ...(source !== undefined && { source }) },
    { ...spec, seed, faults: parsed, unsafe },
  );
}

/**
 * A setup with another specification. What a story says holds for its own run only.
 * @throws {OperatingError} if that is impossible here
 */
export function withSpec(setup: Setup, given: RunSpec): Setup {
  const { guest, defines, memorySizeBytes, typed, ...scenario } = scenarioOf(setup);
  const spec = validated(given);
  mustSuit(spec, memorySizeBytes);
  if (isEqual(spec, scenario.spec)) return setup;
  return { ...setup, story: storyText({ title: guest, guest, defines, memorySizeBytes, typed, spec }) };
}

/** A setup as it comes in a link. @throws {OperatingError} if it is impossible, or its program is none of ours */
export function checkedSetup(files: Files, setup: Setup): Setup {
  const { spec, memorySizeBytes, guest } = scenarioOf(setup);
  mustSuit(spec, memorySizeBytes);
  if (/[./]/.test(guest))
    refuse(`the guest ${guest} is a file, which a page can't read; name a bundled program`);
  programFile(files, guest);
  return setup;
}

const isEqual = (a: RunSpec, b: RunSpec): boolean =>
  specArguments(a).join('\0') === specArguments(b).join('\0');

/** Whether two setups make the same run. */
export const isSame = (a: Setup, b: Setup): boolean => a.story === b.story && a.source === b.source;

/** The name of the bundled story that a setup is, if it is one. */
export const bundledName = (files: Files, { story, source }: Setup): string | undefined =>
  source === undefined ? storyNames(files).find((name) => bundledStory(files, name) === story) : undefined;

/** A short name: the story or the program, with what is special. */
export function nameOf(files: Files, setup: Setup): string {
  const name = bundledName(files, setup);
  if (name !== undefined) return name;
  const { guest, spec } = scenarioOf(setup);
  const without = spec.unsafe.length > 0 ? [`without ${spec.unsafe.join(', ')}`] : [];
  const edited = setup.source === undefined ? [] : ['(edited)'];
  return [guest, ...edited, ...spec.faults.map(faultText), ...without].join(' ');
}

/** The command that makes the same run; that of an edited program needs its source in a file. */
export function commandOf(files: Files, setup: Setup): string {
  const name = bundledName(files, setup);
  if (name !== undefined) return shellText(['story', name]);
  const { guest, memorySizeBytes, defines, typed, spec } = scenarioOf(setup);
  const memory = memorySizeBytes === memoryDefaults.run ? [] : ['--memory', `${memorySizeBytes / 2 ** 20}M`];
  const symbols = defines.flatMap(([symbol, value]) => ['--defsym', `${symbol}=${value}`]);
  const program = setup.source === undefined ? guest : `./${guest}.s`;
  const run = shellText(['run', program, ...shortArguments(spec), ...memory, ...symbols]);
  return typed === undefined || typed === '' ? `${run} </dev/null` : `printf ${quoted(typed)} | ${run}`;
}

/** A text as `printf` takes it. */
const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll('%', '%%').replaceAll("'", "'\\''").replaceAll('\n', '\\n')}'`;

/** Without the options that have their default. */
function shortArguments(spec: RunSpec): string[] {
  const usual = specArguments({ ...defaults, ...(spec.backups === 0 && { spares: 0 }) });
  const args = specArguments(spec);
  const pairs = Array.from({ length: args.length / 2 }, (_, at) => args.slice(2 * at, 2 * at + 2));
  return pairs.filter(([option, value]) => usual[usual.indexOf(option!) + 1] !== value).flat();
}

/** The same fault at another time from boot on. */
export function movedTo({ after: _, ...fault }: Fault, atNs: number): Fault {
  const ns = Math.round(atNs);
  return 'when' in fault ? { ...fault, when: { at: 'time', ns } } : { ...fault, atNs: ns };
}
