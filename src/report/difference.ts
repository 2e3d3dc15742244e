/** The difference between two machines, as a table. */
import { type Naming, UNNAMED } from '../symbols/naming.ts';
import type { Difference, RegisterDifference } from '../vmm/snapshot.ts';
import { type Line, line } from './styled-text.ts';

const hex = (value: bigint): string => value.toString(16).padStart(16, '0');
const MAX_PAGES = 8;

/** The registers that a short table shows even where they are equal. */
const MAIN: ReadonlySet<string> = new Set([
  ...['icount', 'pc', 'ra', 'sp', 'a0', 'a1'],
  ...['mstatus', 'mepc', 'mcause', 'mip'],
]);

/** Width of a column: at least a register's, at most that of a readable path. */
const NAME_WIDTH = { least: 16, most: 48 };
const nameIn = (name: string): string =>
  name.length > NAME_WIDTH.most ? `…${name.slice(1 - NAME_WIDTH.most)}` : name;

/** The registers and CSRs that hold addresses of code. */
export const CODE_REGISTERS: ReadonlySet<string> = new Set(['pc', 'ra', 'mepc', 'sepc', 'mtvec', 'stvec']);

/** What is beside a register: the names of its addresses, one when both are equal. */
function placesOf({ name, a, b }: RegisterDifference, naming: Naming): string {
  if (!CODE_REGISTERS.has(name)) return '';
  const places = (a === b ? [a] : [a, b]).map((address) => naming(address) ?? '–');
  return places.every((place) => place === '–') ? '' : `  ${places.join(' / ')}`;
}

/**
 * A table of registers, devices and pages, with differences marked.
 * @param rest where the full table is; given, the table omits equal registers that are not {@link MAIN}
 */
export function differenceTable(
  difference: Difference,
  names: readonly [string, string],
  rest?: string,
  naming: Naming = UNNAMED,
): Line[] {
  const { devices, pages } = difference;
  const registers = difference.registers.filter(
    ({ name, equal }) => rest === undefined || !equal || MAIN.has(name),
  );
  const omitted = difference.registers.length - registers.length;
  const width = Math.max(...registers.map(({ name }) => name.length));
  const [one, other] = [nameIn(names[0]), nameIn(names[1])];
  const first = Math.max(NAME_WIDTH.least, one.length);
  const second = Math.max(NAME_WIDTH.least, other.length);
  const head = `  ${''.padEnd(width)}  ${one.padEnd(first)}  ${other}`;
  const rows = registers.map((register) => {
    const { name, a, b, equal } = register;
    const places = placesOf(register, naming);
    const text = `${name.padEnd(width)}  ${hex(a).padEnd(first)}  ${places ? hex(b).padEnd(second) : hex(b)}${places}`;
    return equal ? [`  ${text}`] : line('bad', `≠ ${text}`);
  });
  const list = (what: string, items: readonly string[]) => {
    const shown = items.slice(0, MAX_PAGES).join(', ');
    const more = items.length > MAX_PAGES ? ` and ${items.length - MAX_PAGES} more` : '';
    return items.length === 0
      ? line('good', `  ${what}: all equal`)
      : line('bad', `≠ ${what}: ${shown}${more}`);
  };
  return [
    line('heading', head),
    ...rows,
    ...(omitted > 0 ? [line('aside', `  ${omitted} more registers, all equal: ${rest}`)] : []),
    list('devices', devices),
    list(
      'memory pages',
      pages.map((address) => `0x${address.toString(16)}`),
    ),
    difference.equal
      ? line('good', '  the machines are equal in every bit')
      : line('bad', '≠ the machines differ'),
  ];
}
