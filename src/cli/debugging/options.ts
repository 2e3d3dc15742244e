/** Options of commands for debugging. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Engine, engines } from '../../cpu/engine.ts';

/** Parses `interpreter` or `interpreter,translator`. @throws {InvalidArgumentError} */
export function parseEngines(text: string): Engine[] {
  const names = text.split(',');
  const unknown = names.find((name) => !engines.includes(name as Engine));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`"${unknown}" is no engine; there are: ${engines.join(', ')}.`);
  if (names.length > 2) throw new InvalidArgumentError('there are two sides: give one engine or two.');
  return names as Engine[];
}

/** The option that {@link takesSymbols} adds. */
export interface SymbolOptions {
  /** Files with symbols, in the order in which they are asked. */
  symbols?: string[];
}

/** Adds `--symbols`, which can be given repeatedly. */
export const takesSymbols = (command: Command): Command =>
  command.addOption(
    new Option(
      '--symbols <file>',
      "a program's ELF file or source, or a kernel's System.map: names for addresses (repeatable)",
    ).argParser((path: string, before: string[] | undefined) => [...(before ?? []), path]),
  );
