/** Reads a file of evidence piece by piece, up to its last whole record. */
import { decode } from '../../base/codec.ts';
import { FormatError, OperatingError } from '../../base/errors.ts';
import { ChainedFrames } from '../../replay/chained-frames.ts';
import {
  EVIDENCE_MAGIC,
  EVIDENCE_VERSION,
  type EvidenceOf,
  type EvidenceRecord,
  MAX_RECORD_BYTES,
  timedRecord,
  UNHEARD_VERSION,
  UNTIMED_VERSION,
  unheardRecord,
  untimedRecord,
} from './format.ts';

/** Magic and version. */
const HEAD_BYTES = EVIDENCE_MAGIC.length + 2;

/** How a file ends: in order, with its process or its disk, or (as a message says) damaged. */
export type EvidenceEnd = 'closed' | 'cut' | { incomplete: string } | { damaged: string };

/** The process has ended before it wrote the first record. */
export class EmptyEvidence extends OperatingError {}

/** A place in a file, between two records. */
export interface EvidencePlace {
  head: EvidenceOf<'head'>;
  version: number;
  /** In bytes. */
  offset: number;
  checksum: number;
  /** The time of the record before. */
  timeUs: number;
}

/** A file that is being read. */
export class EvidenceStream {
  readonly head: EvidenceOf<'head'>;
  /** Known when all records are read. */
  end: EvidenceEnd | undefined;
  /** When the last record that was read was written, in µs since 1970; 0 in a file without times. */
  timeUs: number;
  private version: number;
  private readonly frames: ChainedFrames;
  /** After the last whole record. */
  place: EvidencePlace;

  /**
   * @param next the next bytes of the file, of any length; undefined at its end.
   * @param name the file's name, for messages.
   * @param from where they begin, if that is not at the file's beginning.
   * @throws {EmptyEvidence} if the first record is cut short
   * @throws {OperatingError} for another format or version, or if the first record is damaged
   */
  constructor(
    next: () => Uint8Array | undefined,
    private readonly name: string,
    from?: EvidencePlace,
  ) {
    this.frames = new ChainedFrames(next, from);
    this.timeUs = from?.timeUs ?? 0;
    this.version = from?.version ?? EVIDENCE_VERSION;
    this.head = from?.head ?? this.readHead();
    this.place = from ?? this.here();
  }

  private here(): EvidencePlace {
    const { head, version, timeUs } = this;
    const { offset, checksum } = this.frames;
    return { head, version, offset, checksum, timeUs };
  }

  private readHead(): EvidenceOf<'head'> {
    const { frames, name } = this;
    frames.have(HEAD_BYTES);
    const { input } = frames;
    const begin = input.source.subarray(0, EVIDENCE_MAGIC.length);
    if (begin.some((byte, index) => byte !== EVIDENCE_MAGIC[index]))
      throw new OperatingError(`${name}: no evidence of vmft`);
    if (input.remaining < HEAD_BYTES) throw new EmptyEvidence(`${name}: cut short within its head`);
    input.raw(EVIDENCE_MAGIC.length);
    this.version = input.u16();
    if (this.version < UNTIMED_VERSION || this.version > EVIDENCE_VERSION)
      throw new OperatingError(
        `${name}: evidence of format ${this.version}, and this vmft reads up to ${EVIDENCE_VERSION}; judge it with the vmft that wrote it`,
      );
    const first = this.read();
    if (!first && this.end === 'cut') throw new EmptyEvidence(`${name}: cut short within its head`);
    if (first?.kind !== 'head') throw new OperatingError(`${name}: the head is damaged`);
    return first;
  }

  /** The next whole record; undefined at the end, and then {@link end} is known. */
  next(): EvidenceRecord | undefined {
    const record = this.read();
    if (record) this.place = this.here();
    return record;
  }

  private read(): EvidenceRecord | undefined {
    const { frames } = this;
    if (this.end !== undefined) return undefined;
    if (frames.isAtEnd) return this.stop('cut');
    const start = frames.offset;
    try {
      const body = frames.body(MAX_RECORD_BYTES);
      if (!body) return this.stop('cut');
      const record = this.recordIn(body);
      if (record.kind === 'closed') return this.stop('closed');
      if (record.kind === 'incomplete') return this.stop({ incomplete: record.why });
      return record;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      // The length itself may be cut.
      if (frames.isAtEnd && frames.offset - start < 8) return this.stop('cut');
      return this.stop({ damaged: `${this.name} is damaged at byte ${start}` });
    }
  }

  private recordIn(body: Uint8Array): EvidenceRecord {
    if (this.version === UNTIMED_VERSION) {
      const record = decode(untimedRecord, body);
      if (record.kind === 'entries') return { ...record, tookUs: 0 };
      return record.kind === 'released' ? { ...record, first: record.last } : record;
    }
    const isUnheard = this.version === UNHEARD_VERSION;
    const { afterUs, record } = isUnheard ? decode(unheardRecord, body) : decode(timedRecord, body);
    this.timeUs += afterUs;
    return record.kind === 'suspected' ? { heard: true, ...record } : record;
  }

  private stop(end: EvidenceEnd): undefined {
    this.end = end;
    return undefined;
  }

  /** The remaining records in order. */
  *[Symbol.iterator](): Generator<EvidenceRecord, void> {
    for (let record = this.next(); record; record = this.next()) yield record;
  }
}
