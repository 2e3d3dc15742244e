/** `vmft log`: prints the entries of a recording. */

import { LogStream } from '../replay/log-file.ts';
import { entryJson, entryRow } from '../report/entries.ts';
import type { EntryKind } from '../vmm/entries.ts';
import { pieces } from './files.ts';

/** The options of `vmft log`. */
export interface LogOptions {
  /** Only entries of these kinds. */
  kind?: EntryKind[];
  /** The first and the last position, in steps. */
  from: number;
  to: number;
  /** Maximum number of entries. */
  limit: number;
  json?: boolean;
}

/** Prints all valid entries. @throws {OperatingError} at the end when the recording is damaged */
export function log(path: string, { kind, from, to, limit, json }: LogOptions): void {
  const reader = new LogStream(pieces(path), path);
  let number = 0;
  let shown = 0;
  for (const entry of reader.entries()) {
    number++;
    if (entry.icount > to) return;
    if (entry.icount < from || (kind && !kind.includes(entry.kind))) continue;
    if (shown++ === limit) return;
    process.stdout.write(`${json ? JSON.stringify(entryJson(number, entry)) : entryRow(number, entry)}\n`);
  }
  if (reader.damage) throw reader.damage;
}
