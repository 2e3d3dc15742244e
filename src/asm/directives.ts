/** The directives for sections, symbols, options and data. */
import { type Arguments, type Directive, each, reading } from './arguments.ts';
import type { Assembly } from './assembly.ts';
import { data } from './data-directives.ts';
import { StatementError, suggestion } from './diagnostics.ts';
import { sectionKind } from './sections.ts';
import { splitAtCommas } from './source.ts';
import type { Cursor } from './tokens.ts';

/** Accepted and ignored: they are for a linker or a debugger. */
const ignored: Record<string, Directive> = Object.fromEntries(
  [
    ...['type', 'size', 'file', 'ident', 'attribute', 'loc', 'local', 'hidden', 'protected', 'internal'],
    ...['title', 'sbttl', 'print', 'extern', 'addrsig', 'addrsig_sym', 'option_end', 'warning'],
    ...['cfi_startproc', 'cfi_endproc', 'cfi_def_cfa_offset', 'cfi_def_cfa', 'cfi_def_cfa_register'],
    ...['cfi_offset', 'cfi_restore', 'cfi_sections', 'cfi_adjust_cfa_offset', 'cfi_undefined'],
  ].map((name) => [`.${name}`, () => {}]),
);

const toSection =
  (name: string): Directive =>
  (assembly, args) =>
    reading(() => {
      assembly.enter(assembly.layout.section(name, sectionKind(name)));
    })(assembly, args);

/** `.section name [, "flags" [, @type [, entry size]]]` */
function enterSection(assembly: Assembly, { statement, text, from, column }: Arguments): void {
  const [name, flags, type] = splitAtCommas(text).map((part) => part.text.trim().replace(/^"(.*)"$/, '$1'));
  if (!name) throw new StatementError('a section name expected', column);
  if (!/^[\w.$-]+$/.test(name))
    throw new StatementError(`'${name}' is no section name`, statement.start + from + text.search(/\S/) + 1);
  assembly.enter(assembly.layout.section(name, sectionKind(name, flags, type?.replace(/^[@%]/, ''))));
}

const sections: Record<string, Directive> = {
  '.text': toSection('.text'),
  '.data': toSection('.data'),
  '.rodata': toSection('.rodata'),
  '.bss': toSection('.bss'),
  '.sdata': toSection('.sdata'),
  '.sbss': toSection('.sbss'),
  '.section': enterSection,
  '.pushsection': (assembly, args) => {
    const { section, previous } = assembly;
    enterSection(assembly, args);
    assembly.sectionStack.push({ section, previous });
  },
  '.popsection': (assembly, { column }) => {
    const saved = assembly.sectionStack.pop();
    if (!saved) throw new StatementError('.popsection without .pushsection', column);
    Object.assign(assembly, saved);
  },
  '.previous': reading((assembly) => assembly.enter(assembly.previous)),
};

/** Assigns an expression to a symbol: its value now if that is known, else its value in the final layout. */
export function assign(
  assembly: Assembly,
  cursor: Cursor,
  name: string,
  column: number,
  once: boolean,
): void {
  const expression = assembly.expression(cursor);
  cursor.finish();
  const value = assembly.tryKnown(expression);
  const kept = value && !value.base ? { is: 'constant' as const, value: value.value } : expression;
  assembly.symbols.assign(name, kept, once, column, assembly.line);
}

const assigning = (once: boolean): Directive =>
  reading((assembly, cursor) => {
    const { text, column } = cursor.name('a symbol');
    cursor.expect(',');
    assign(assembly, cursor, text, column, once);
  });

/** `.comm symbol, size [, alignment]`: zeros in .bss. */
const common: Directive = reading((assembly, cursor) => {
  const { text, column } = cursor.name('a symbol');
  cursor.expect(',');
  const sizeBytes = Number(assembly.known(cursor));
  const alignment = cursor.accept(',') ? Number(assembly.known(cursor)) : 8;
  if (sizeBytes < 0 || alignment < 1 || !Number.isInteger(Math.log2(alignment)))
    throw new StatementError('a size and a power of two as alignment expected', column);
  const { section, previous } = assembly;
  assembly.enter(assembly.layout.section('.bss', sectionKind('.bss')));
  assembly.align(alignment);
  assembly.symbols.label(text, assembly.here(), assembly.line, column);
  assembly.append(sizeBytes, () => {});
  Object.assign(assembly, { section, previous });
});

const symbols: Record<string, Directive> = {
  '.equ': assigning(false),
  '.set': assigning(false),
  '.eqv': assigning(false),
  '.equiv': assigning(true),
  '.weak': reading(({ symbols: table }, cursor) =>
    each(cursor, () => table.weaken(cursor.name('a symbol').text)),
  ),
  // No effect: there is one translation unit.
  '.globl': reading((_, cursor) => each(cursor, () => cursor.name('a symbol'))),
  '.global': reading((_, cursor) => each(cursor, () => cursor.name('a symbol'))),
  '.comm': common,
  '.lcomm': common,
};

/** Options without effect: this assembler does not relax code. */
const harmlessOptions = ['relax', 'norelax', 'nopic', 'csr-check', 'no-csr-check'];

const options: Record<string, (assembly: Assembly, args: Arguments) => void> = {
  ...Object.fromEntries(harmlessOptions.map((name) => [name, () => {}])),
  rvc: (assembly) => {
    assembly.compresses = true;
  },
  norvc: (assembly) => {
    assembly.compresses = false;
  },
  push: ({ optionStack, compresses }) => {
    optionStack.push(compresses);
  },
  pop: (assembly, { column }) => {
    const saved = assembly.optionStack.pop();
    if (saved === undefined) throw new StatementError('.option pop without .option push', column);
    assembly.compresses = saved;
  },
  /** `arch, rv64imac` or `arch, +c, -zba`: only C changes the output. */
  arch: (assembly, { text }) => {
    for (const [, sign, letters] of text.matchAll(/,\s*([-+]|rv64)([a-z]*)/g))
      if (sign === 'rv64') assembly.compresses = letters!.replace(/z.*/, '').includes('c');
      else if (letters === 'c') assembly.compresses = sign === '+';
  },
};

const option: Directive = (assembly, args) => {
  const { text, statement, from } = args;
  const name = /^\s*([\w-]*)/.exec(text)![1]!;
  const apply = options[name];
  if (apply) return apply(assembly, args);
  const message =
    name === 'pic'
      ? '.option pic is not supported: there is no global offset table'
      : `unknown option '${name}'.${suggestion(name, Object.keys(options))}`;
  throw new StatementError(message, statement.start + from + text.search(/\S|$/) + 1);
};

const refused = (what: string): Directive => {
  return (_, { column }) => {
    throw new StatementError(what, column);
  };
};

const other: Record<string, Directive> = {
  '.option': option,
  '.error': (assembly, args) => {
    const cursor = assembly.cursor(args.statement, args.text, args.from);
    const message = cursor.done ? '.error' : new TextDecoder().decode(cursor.string('a string').bytes);
    throw new StatementError(message, args.column);
  },
  '.incbin': refused('.incbin is not supported; sources are text'),
  '.insn': refused('.insn is not supported; use .word with the encoding'),
  '.octa': refused('.octa is not supported; use two .dword'),
  '.sleb128': refused('.sleb128 is not supported; use .byte'),
  '.subsection': refused('.subsection is not supported; use .section with another name'),
  '.altmacro': refused('.altmacro is not supported'),
};

/** All directives, by name. */
export const directives: ReadonlyMap<string, Directive> = new Map(
  Object.entries({ ...ignored, ...sections, ...data, ...symbols, ...other }),
);
