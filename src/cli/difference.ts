/** Two machines side by side, as a table. */
import type { ChalkInstance } from 'chalk';
import type { Difference } from '../vmm/snapshot.ts';

const hex = (value: bigint): string => value.toString(16).padStart(16, '0');
const MAX_PAGES = 8;

/** Lines of a table of registers, devices and pages; what differs stands out. */
export function differenceTable(
  difference: Difference,
  names: readonly [string, string],
  colour: ChalkInstance,
): string[] {
  const { registers, devices, pages } = difference;
  const width = Math.max(...registers.map(({ name }) => name.length));
  const head = `  ${''.padEnd(width)}  ${names[0].padEnd(16)}  ${names[1].padEnd(16)}`;
  const rows = registers.map(({ name, a, b, equal }) => {
    const text = `${name.padEnd(width)}  ${hex(a)}  ${hex(b)}`;
    return equal ? `  ${text}` : colour.red(`≠ ${text}`);
  });
  const list = (what: string, items: readonly string[]) => {
    const shown = items.slice(0, MAX_PAGES).join(', ');
    const more = items.length > MAX_PAGES ? ` and ${items.length - MAX_PAGES} more` : '';
    return items.length === 0
      ? colour.green(`  ${what}: all equal`)
      : colour.red(`≠ ${what}: ${shown}${more}`);
  };
  return [
    colour.bold(head),
    ...rows,
    list('devices', devices),
    list(
      'memory pages',
      pages.map((address) => `0x${address.toString(16)}`),
    ),
    difference.equal
      ? colour.green('  the machines are equal in every bit')
      : colour.red('≠ the machines differ'),
  ];
}
