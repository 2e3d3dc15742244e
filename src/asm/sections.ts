/** The kind of a section, from its name and flags. */
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

/** Sections of debugging information and comments, which are not loaded. */
const descriptions = /^\.(comment|debug|note|riscv\.attributes|stab|line)\b/;

/**
 * @param flags as in `.section name, "flags"`: `a` loaded, `x` code, `w` writable. A section of another name without
 *   flags counts as loaded data, which GNU as would not load.
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
