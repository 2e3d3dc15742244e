/** What a section is for, from its name and flags. */
import type { SectionGroup, SectionKind } from './layout.ts';

const prefixes: [prefix: string, group: SectionGroup][] = [
  ['.text', 'text'],
  ['.rodata', 'rodata'],
  ['.srodata', 'rodata'],
  ['.data', 'data'],
  ['.sdata', 'data'],
  ['.bss', 'bss'],
  ['.sbss', 'bss'],
];

/** Sections that describe a program and are not part of it. */
const descriptions = /^\.(comment|debug|note|riscv\.attributes|stab|line)\b/;

/**
 * @param flags as in `.section name, "flags"`: `a` loaded, `x` code, `w` writable. A section of another name without
 *   flags counts as loaded data, where GNU as would leave it out of memory.
 * @param type as in `.section name, "flags", @type`: `nobits` for memory that starts as zeros.
 */
export function sectionKind(name: string, flags?: string, type?: string): SectionKind {
  const group = prefixes.find(([prefix]) => name === prefix || name.startsWith(`${prefix}.`))?.[1];
  return {
    group: type === 'nobits' ? 'bss' : (group ?? 'other'),
    code: flags === undefined ? group === 'text' : flags.includes('x'),
    loaded: flags === undefined ? !descriptions.test(name) : flags.includes('a') || group !== undefined,
  };
}
