/** What the parts of a line of assembly are, by the assembler's own tables. */
import { mnemonics } from '../../asm/encode.ts';
import { skip } from '../../asm/source.ts';
import { csrNumbers } from '../../cpu/csrs.ts';
import { floatRegisterNumbers, registerNumbers } from '../../cpu/registers.ts';

/** What a part of a line is. `name`: a symbol, or a macro that is used. */
export type PartKind =
  | 'comment'
  | 'label'
  | 'directive'
  | 'instruction'
  | 'register'
  | 'name'
  | 'number'
  | 'string'
  | 'punctuation';

/** A part of a line, which ends before the character `to`. */
export interface Part {
  kind: PartKind;
  from: number;
  to: number;
}

/** The parts of a line without the blanks between them. */
export interface Parts {
  parts: Part[];
  /** Whether the next line begins in a comment. */
  inComment: boolean;
}

const label = /(\d+|[A-Za-z_.$][\w.$]*)\s*:/y;
const name = /[A-Za-z_.$][\w.$]*/y;
const number = /\d[\w.]*/y;

const isRegister = (text: string): boolean =>
  [registerNumbers, floatRegisterNumbers, csrNumbers].some((numbers) => numbers.has(text));

/** Splits a line. `inComment`: whether it begins in a comment that an earlier line has opened. */
export function partsOf(line: string, inComment: boolean): Parts {
  const parts: Part[] = [];
  /** Whether a label, directive or instruction may follow. */
  let atStart = true;
  let at = 0;
  const add = (kind: PartKind, to: number) => {
    // A line in a comment may be empty.
    if (to > at) parts.push({ kind, from: at, to });
    at = to;
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(line)?.[0];
  };
  /** A comment from here on, whose end is searched from `from`. */
  const comment = (from: number): boolean => {
    const end = line.indexOf('*/', from);
    add('comment', end < 0 ? line.length : end + 2);
    return end < 0;
  };
  if (inComment && comment(0)) return { parts, inComment: true };
  while (at < line.length) {
    const char = line[at]!;
    if (/\s/.test(char)) at++;
    else if (char === '#' || line.startsWith('//', at)) add('comment', line.length);
    else if (line.startsWith('/*', at)) {
      if (comment(at + 2)) return { parts, inComment: true };
    } else if (char === '"' || char === "'") add('string', skip(line, at));
    else {
      const labelled: string | undefined = atStart ? match(label) : undefined;
      const word = match(name);
      const kind: PartKind = labelled
        ? 'label'
        : word
          ? kindOf(word, atStart)
          : /\d/.test(char)
            ? 'number'
            : 'punctuation';
      add(kind, at + (labelled ?? word ?? match(number) ?? char).length);
      atStart = kind === 'label' || char === ';';
    }
  }
  return { parts, inComment: false };
}

function kindOf(word: string, isFirst: boolean): PartKind {
  if (!isFirst) return isRegister(word) ? 'register' : 'name';
  if (word.startsWith('.')) return 'directive';
  return mnemonics.has(word.toLowerCase()) ? 'instruction' : 'name';
}
