/** Evidence as earlier versions have written it. */
import { Writer } from '../../src/base/codec.ts';
import {
  EVIDENCE_MAGIC,
  type EvidenceRecord,
  UNTIMED_VERSION,
  untimedRecord,
} from '../../src/host/evidence/format.ts';
import { writeFrame } from '../../src/replay/chained-frames.ts';

/** A file without times. */
export function untimed(records: readonly EvidenceRecord[]): Uint8Array {
  const out = new Writer();
  out.raw(EVIDENCE_MAGIC);
  out.u16(UNTIMED_VERSION);
  let checksum = 0;
  for (const record of records)
    checksum = writeFrame(out, checksum, (frame) => untimedRecord.write(frame, record));
  return out.bytes();
}
