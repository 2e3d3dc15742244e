/** The expansion of macros and repetitions. */
import { StatementError } from './diagnostics.ts';
import { type SourceLine, type Statement, skip } from './source.ts';

interface Parameter {
  name: string;
  /** When absent, a missing argument is empty. */
  default?: string;
  required?: true;
  /** Takes the rest of the arguments, commas included. */
  rest?: true;
}

/** A macro definition. */
export interface Macro {
  name: string;
  parameters: Parameter[];
  body: Statement[];
}

/** Parses the arguments of `.macro`: a name and parameters with optional `=default`, `:req`, `:vararg`. */
export function parseMacro(text: string, column: number): Omit<Macro, 'body'> {
  const [, name, rest] = /^\s*([A-Za-z_.$][\w.$]*)\s*,?(.*)$/s.exec(text) ?? [];
  if (!name) throw new StatementError('a macro name expected', column);
  const parameters = splitArguments(rest!).map(({ text: written }): Parameter => {
    const found = /^([A-Za-z_.$][\w.$]*)\s*(?::\s*(req|vararg))?\s*(?:=\s*(.*))?$/s.exec(written);
    if (!found) throw new StatementError(`'${written}' is no macro parameter`, column);
    const [, parameter, qualifier, value] = found;
    return {
      name: parameter!,
      ...(value !== undefined && { default: unquote(value) }),
      ...(qualifier === 'req' && { required: true as const }),
      ...(qualifier === 'vararg' && { rest: true as const }),
    };
  });
  return { name, parameters };
}

/** The arguments of a macro: separated by commas, or by blanks that are not next to an operator. */
export function splitArguments(text: string): { text: string; start: number }[] {
  const parts: { text: string; start: number }[] = [];
  let start = 0;
  let depth = 0;
  const close = (end: number, next: number) => {
    parts.push({ text: text.slice(start, end).trim(), start });
    start = next;
  };
  for (let i = 0; i < text.length; i = skip(text, i)) {
    if (text[i] === '(') depth++;
    if (text[i] === ')') depth--;
    if (depth > 0) continue;
    if (text[i] === ',') close(i, i + 1);
    else if (/\s/.test(text[i]!) && separates(text, i, start)) close(i, i + 1);
  }
  if (parts.length > 0 || text.trim() !== '') close(text.length, text.length);
  return parts;
}

/** Whether the blank at `i` separates two operands. */
function separates(text: string, i: number, start: number): boolean {
  const before = text.slice(start, i);
  return /[\w.$)"']$/.test(before) && /^\s+[\w.$"'\\%]/.test(text.slice(i));
}

const unquote = (text: string): string => (/^".*"$/s.test(text) ? text.slice(1, -1) : text);

/** The value of each parameter in one use of a macro. */
export function bindArguments(macro: Macro, text: string, column: number): Map<string, string> {
  const bound = new Map<string, string>();
  const parts = splitArguments(text);
  let position = 0;
  for (const [index, part] of parts.entries()) {
    const keyword = /^([A-Za-z_.$][\w.$]*)\s*=(?!=)\s*(.*)$/s.exec(part.text);
    if (keyword && macro.parameters.some(({ name }) => name === keyword[1])) {
      bound.set(keyword[1]!, unquote(keyword[2]!));
      continue;
    }
    const parameter = macro.parameters[position++];
    if (!parameter) throw new StatementError(`${usage(macro)} has no parameter for '${part.text}'`, column);
    if (parameter.rest) {
      bound.set(parameter.name, text.slice(parts[index]!.start).trim());
      break;
    }
    if (part.text !== '') bound.set(parameter.name, unquote(part.text));
  }
  for (const parameter of macro.parameters) {
    if (bound.has(parameter.name)) continue;
    if (parameter.required) throw new StatementError(`${usage(macro)} needs '${parameter.name}'`, column);
    bound.set(parameter.name, parameter.default ?? '');
  }
  return bound;
}

const usage = ({ name, parameters }: Macro): string =>
  `macro '${name} ${parameters.map((parameter) => parameter.name).join(', ')}'`;

/**
 * The body with `\name` replaced by its value, `\@` by the number of the expansion and `\()` by nothing. `room` is the
 * number of characters that all expansions together may still add.
 */
export function substitute(
  body: readonly Statement[],
  bound: ReadonlyMap<string, string>,
  count: number,
  room: { characters: number },
  use?: SourceLine,
): Statement[] {
  const expand = (text: string) =>
    text.replace(/\\(\(\)|@|[A-Za-z_.$][\w.$]*)/g, (written, name: string) => {
      if (name === '()') return '';
      if (name === '@') return String(count);
      const value = replacement(name, bound);
      if (value === undefined) return written;
      room.characters -= value.length;
      if (room.characters < 0) throw new StatementError('the arguments of macros become too long', 1);
      return value;
    });
  const usedAt = use && (use.usedAt ?? `${use.file}:${use.line}`);
  return body.map(({ line, text, start }) => {
    const expanded = expand(text);
    // A line without substitutions keeps its text and columns.
    if (expanded === text) return { line: { ...line, ...(usedAt && { usedAt }) }, text, start };
    const { file, line: number } = line;
    return {
      line: { file, line: number, text: expanded, ...(usedAt && { usedAt }) },
      text: expanded,
      start: 0,
    };
  });
}

/** A parameter's value; names may end before a dot, as in `\name.w`. */
function replacement(name: string, bound: ReadonlyMap<string, string>): string | undefined {
  const whole = bound.get(name);
  if (whole !== undefined) return whole;
  const dot = name.lastIndexOf('.');
  if (dot <= 0) return undefined;
  const start = replacement(name.slice(0, dot), bound);
  return start === undefined ? undefined : start + name.slice(dot);
}
