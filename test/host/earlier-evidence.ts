/** Evidence as earlier versions have written it. */
import { type ValueOf, Writer } from '../../src/base/codec.ts';
import {
  EVIDENCE_MAGIC,
  type EvidenceRecord,
  UNHEARD_VERSION,
  UNTIMED_VERSION,
  unheardRecord,
  untimedRecord,
} from '../../src/host/evidence/format.ts';
import { writeFrame } from '../../src/replay/chained-frames.ts';

function fileOf<T>(
  version: number,
  records: readonly T[],
  write: (out: Writer, record: T) => void,
): Uint8Array {
  const out = new Writer();
  out.raw(EVIDENCE_MAGIC);
  out.u16(version);
  let checksum = 0;
  for (const record of records) checksum = writeFrame(out, checksum, (frame) => write(frame, record));
  return out.bytes();
}

/** A file without times. */
export const untimed = (records: readonly EvidenceRecord[]): Uint8Array =>
  fileOf(UNTIMED_VERSION, records, untimedRecord.write);

/** A file that does not say what a silence began with; its records are 7 µs apart. */
export const unheard = (records: readonly ValueOf<typeof unheardRecord>['record'][]): Uint8Array =>
  fileOf(UNHEARD_VERSION, records, (out, record) => unheardRecord.write(out, { afterUs: 7, record }));
