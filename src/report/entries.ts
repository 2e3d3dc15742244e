/** Log entries as text and as JSON. */
import { hexOf } from '../base/text.ts';
import type { Entry } from '../vmm/entries.ts';

/** Number of bytes of long data shown in a row. */
const SHOWN_BYTES = 24;

const fieldsOf = (entry: Entry): [string, unknown][] =>
  Object.entries(entry).filter(([name]) => name !== 'kind' && name !== 'icount');

/** A value for JSON: bytes and 64-bit numbers in hexadecimal. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hexOf(value);
  return typeof value === 'bigint' ? value.toString(16).padStart(16, '0') : value;
}

/** An entry as JSON. `number`: its index in the log, from 1. */
export const entryJson = (number: number, { kind, icount, ...entry }: Entry): object => ({
  number,
  icount,
  kind,
  ...JSON.parse(JSON.stringify(entry, (_, value) => plain(value))),
});

/** An entry as a table row: number, step, kind, content. Long data is cut. */
export function entryRow(number: number, entry: Entry): string {
  const content = fieldsOf(entry).map(([name, value]) => `${name} ${shownValue(value)}`);
  return `${String(number).padStart(7)}  ${String(entry.icount).padStart(12)}  ${entry.kind.padEnd(10)}  ${content.join(', ')}`.trimEnd();
}

function shownValue(value: unknown): string {
  if (value instanceof Uint8Array) {
    const more = value.length > SHOWN_BYTES ? `… (${value.length} bytes)` : '';
    const start = value.subarray(0, SHOWN_BYTES);
    const readable = start.length > 0 && start.every((byte) => byte >= 0x20 && byte < 0x7f);
    return (readable ? JSON.stringify(new TextDecoder().decode(start)) : hexOf(start)) + more;
  }
  if (Array.isArray(value)) return `${value.length} items`;
  return String(plain(value));
}

/** An entry in full: two entries that differ have different texts. */
export function fullEntry(entry: Entry): string {
  const content = fieldsOf(entry).map(
    ([name, value]) => `${name} ${value instanceof Uint8Array ? hexOf(value) : value}`,
  );
  return `${entry.kind} at ${entry.icount} (${content.join(', ')})`;
}
