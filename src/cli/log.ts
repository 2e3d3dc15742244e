/** `vmft log`: what a recording holds, entry by entry. */

import { LogStream } from '../replay/log-file.ts';
import type { Entry, EntryKind } from '../vmm/entries.ts';
import { pieces } from './files.ts';

export interface LogOptions {
  kind?: EntryKind[];
  from: number;
  to: number;
  limit: number;
  json?: boolean;
}

/** Of long data so many bytes are shown; `--json` has all. */
const SHOWN_BYTES = 24;

/** Prints the entries that are good. @throws {OperatingError} at the end when that was not the whole recording */
export function log(path: string, { kind, from, to, limit, json }: LogOptions): void {
  const reader = new LogStream(pieces(path), path);
  let number = 0;
  let shown = 0;
  for (const entry of reader.entries()) {
    number++;
    if (entry.icount > to) return;
    if (entry.icount < from || (kind && !kind.includes(entry.kind))) continue;
    if (shown++ === limit) return;
    process.stdout.write(`${json ? JSON.stringify(jsonOf(number, entry)) : textOf(number, entry)}\n`);
  }
  if (reader.damage) throw reader.damage;
}

const fieldsOf = (entry: Entry): [string, unknown][] =>
  Object.entries(entry).filter(([name]) => name !== 'kind' && name !== 'icount');

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A value that JSON can hold: bytes and 64-bit numbers in hexadecimal. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  return typeof value === 'bigint' ? value.toString(16).padStart(16, '0') : value;
}

const jsonOf = (number: number, { kind, icount, ...entry }: Entry): object => ({
  number,
  icount,
  kind,
  ...JSON.parse(JSON.stringify(entry, (_, value) => plain(value))),
});

function textOf(number: number, entry: Entry): string {
  const content = fieldsOf(entry).map(([name, value]) => `${name} ${shownValue(value)}`);
  return `${String(number).padStart(7)}  ${String(entry.icount).padStart(12)}  ${entry.kind.padEnd(10)}  ${content.join(', ')}`.trimEnd();
}

function shownValue(value: unknown): string {
  if (value instanceof Uint8Array) {
    const more = value.length > SHOWN_BYTES ? `… (${value.length} bytes)` : '';
    const start = value.subarray(0, SHOWN_BYTES);
    const readable = start.length > 0 && start.every((byte) => byte >= 0x20 && byte < 0x7f);
    return (readable ? JSON.stringify(new TextDecoder().decode(start)) : hex(start)) + more;
  }
  if (Array.isArray(value)) return `${value.length} of them`;
  return String(plain(value));
}
