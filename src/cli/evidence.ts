/** Where `vmft run` keeps evidence: in memory up to a limit, or in a temporary file where an option needs all of it. */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EvidencePlaces, MemorySpool, type Spool } from '../replay/spool.ts';
import { JSON_CONSOLE_BYTES } from '../report/console-text.ts';
import { asOperatingError, type OutputFile } from './files.ts';
import type { RunOptions } from './options.ts';

/** Size of the histories kept without an option, to compare machines that diverge: some million entries. */
export const UNASKED_BYTES = 4 << 20;

/**
 * An unlinked temporary file in `TMPDIR`: the system removes it with the process.
 * @throws {OperatingError} when it can't be created, or its file system is full
 */
export class FileSpool implements Spool {
  private file: number | undefined;
  private sizeBytes = 0;

  append(bytes: Uint8Array): number {
    const offset = this.sizeBytes;
    this.attempt(() => {
      this.file ??= openUnnamed();
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.file, bytes, done, bytes.length - done, offset + done);
    });
    this.sizeBytes += bytes.length;
    return offset;
  }

  read(offset: number, sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes);
    this.attempt(() => {
      for (let done = 0; done < sizeBytes; ) {
        const read = readSync(this.file!, bytes, done, sizeBytes - done, offset + done);
        if (read === 0) throw new Error('it was cut short');
        done += read;
      }
    });
    return bytes;
  }

  private attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      throw asOperatingError(
        `the temporary file for the evidence of the run, in ${tmpdir()}`,
        error,
        'set TMPDIR to a place with more room, or limit the run with --max-steps',
      );
    }
  }
}

function openUnnamed(): number {
  const path = join(tmpdir(), `vmft-${process.pid}-${Date.now()}.tmp`);
  const file = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return file;
}

/** The evidence that the options need, and where it is kept. */
export function evidenceFor(
  options: Pick<RunOptions, 'ft' | 'verify' | 'diff' | 'saveStates' | 'report' | 'json'>,
  record: OutputFile | undefined,
): EvidencePlaces {
  const { ft, verify, diff, saveStates, report, json } = options;
  const file = new FileSpool();
  const compares = ft && (diff || saveStates !== undefined || report !== undefined);
  // After a failover the recording continues with the history of another machine; and a pipe is written at the end.
  const records = record !== undefined && (ft || !record.isFile);
  return {
    histories: verify || compares || records ? file : ft ? new MemorySpool(UNASKED_BYTES) : undefined,
    console: verify ? file : json ? new MemorySpool(JSON_CONSOLE_BYTES) : undefined,
    world: verify ? file : undefined,
  };
}
