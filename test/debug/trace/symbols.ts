/** Symbols of assembled programs. */
import { assemble } from '../../../src/asm/assemble.ts';
import { ProgramSymbols } from '../../../src/debug/trace/program-symbols.ts';
import { type ProgramSymbol, SymbolTable } from '../../../src/symbols/symbol-table.ts';
import { Symbols } from '../../../src/symbols/symbols.ts';

/** The labels of a source; those that begin with `.L` are none. */
export function symbolsOf(source: string): ProgramSymbols {
  const { symbols } = assemble(source, { file: 'guest.s' });
  const labels = [...symbols].map(
    ([name, address]): ProgramSymbol => ({ name, address, sizeBytes: 0, kind: 'label', binding: 'global' }),
  );
  return new ProgramSymbols([new Symbols(new SymbolTable(labels))]);
}
