/** What switch and storage say: the outside of the VM. */
import { joined } from '../../base/bytes.ts';
import { xxh32 } from '../../base/xxh32.ts';
import type { Violation } from '../../check/checkers.ts';
import type { AppliedWrite, Kept, SeenFrame } from '../../check/evidence.ts';
import { SECTOR_BYTES } from '../../devices/device.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { EvidenceOf, EvidenceRecord } from '../../host/evidence/format.ts';
import type { Entry } from '../../vmm/entries.ts';
import { type EvidenceFile, isUsable } from './files.ts';

type Numbered = 'console' | 'typed' | 'frame' | 'inbound';

/** Where a record stands among those of its kind: an output number, an offset or a frame's number. */
function positionOf(record: EvidenceOf<Numbered>): number {
  if (record.kind === 'console') return record.first;
  return record.kind === 'typed' ? record.offset : record.number;
}

const whole = <T>(iterate: () => Iterator<T>): Kept<T> => ({ isWhole: true, [Symbol.iterator]: iterate });

/** The files of the switch. */
export class SwitchEvidence {
  /** For each file, the first position of each kind. */
  private readonly firsts: Map<Numbered, number>[] = [];
  /** Whether frames may be missing: the switch was killed, and does not wait for the evidence of frames. */
  readonly framesEnd: number;

  /** `made`: outputs after it are left out, since the history that would explain them is not known. */
  constructor(
    private readonly files: readonly EvidenceFile[],
    private readonly made: number,
  ) {
    for (const file of files) {
      const first = new Map<Numbered, number>();
      for (const record of file)
        if (isNumbered(record) && !first.has(record.kind)) first.set(record.kind, positionOf(record));
      this.firsts.push(first);
    }
    const killed = files.findIndex(({ end }) => end !== 'closed');
    this.framesEnd = killed < 0 ? files.length : killed + 1;
  }

  /** Whether frames of the guest left after the switch was killed, which are not judged. */
  get hasUnjudgedFrames(): boolean {
    return this.firsts.some((first, index) => index >= this.framesEnd && first.has('frame'));
  }

  /** The records of one kind. A file that did not end in order may end with what the next one begins with. */
  private *records<K extends Numbered>(
    kind: K,
    ends: 'always' | 'killed',
  ): Generator<[EvidenceOf<K>, number]> {
    for (const [index, file] of this.files.entries()) {
      const later = this.firsts.slice(index + 1).map((first) => first.get(kind) ?? Number.POSITIVE_INFINITY);
      const isCut = ends === 'always' || file.end !== 'closed';
      const end = isCut ? Math.min(Number.POSITIVE_INFINITY, ...later) : Number.POSITIVE_INFINITY;
      for (const record of file) {
        if (record.kind !== kind) continue;
        const own = record as EvidenceOf<K>;
        if (positionOf(own) < end) yield [own, end];
      }
    }
  }

  /** The console's output. */
  get console(): Kept<Uint8Array> {
    const { made } = this;
    const pieces = (): Generator<[EvidenceOf<'console'>, number]> => this.records('console', 'killed');
    return whole(function* () {
      for (const [{ first, data }, end] of pieces()) {
        const part = data.subarray(0, Math.max(0, Math.min(end, made + 1) - first));
        if (part.length > 0) yield part;
      }
    });
  }

  /** All that was typed. */
  get typed(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const [{ offset, data }, end] of this.records('typed', 'killed'))
      parts.push(data.subarray(0, Math.min(data.length, end - offset)));
    return joined(parts);
  }

  /** Frames of the guest. */
  get frames(): Kept<SeenFrame> {
    const { made } = this;
    const files = this.files.slice(0, this.framesEnd);
    return whole(function* () {
      for (const file of files)
        for (const record of file) if (record.kind === 'frame' && record.number <= made) yield record;
    });
  }

  /**
   * Frames for the guest. A switch that restarts loses those that no log has, and gives their numbers again. One that is
   * killed may have sent frames that it had not written down: these are taken from the guest's `history`.
   */
  inbound(history: Iterable<Entry>): Kept<Uint8Array> {
    const records = (): Generator<[EvidenceOf<'inbound'>, number]> => this.records('inbound', 'always');
    const starts = new Set(
      this.files.map((_, index) =>
        index > 0 && this.files[index - 1]!.end !== 'closed' ? this.firsts[index]!.get('inbound') : undefined,
      ),
    );
    return whole(function* () {
      const taken = framesOf(history);
      let next = 1;
      for (const [{ number, frame }] of records()) {
        for (; starts.has(number) && next < number; next++) {
          const { value, done } = taken.next();
          if (done) return;
          yield value;
        }
        taken.next();
        next++;
        yield frame;
      }
    });
  }
}

/** The frames that a guest has taken. */
function* framesOf(history: Iterable<Entry>): Generator<Uint8Array, undefined> {
  for (const entry of history) if (entry.kind === 'net') yield entry.frame;
}

const isNumbered = (record: EvidenceRecord): record is EvidenceOf<Numbered> =>
  record.kind === 'console' ||
  record.kind === 'typed' ||
  record.kind === 'frame' ||
  record.kind === 'inbound';

/** Writes remembered of a storage service that was killed: it may have done more of them again. */
const MAX_REMEMBERED = 1 << 16;

/** The files of storage. */
export class StorageEvidence {
  readonly generations = new Map<number, GenerationRecord>();
  readonly violations: Violation[] = [];
  /** Whether there is a disk, of which the initial content is here. */
  hasDisk = false;

  /** `sizeBytes`: of the machine's disk. */
  constructor(
    private readonly files: readonly EvidenceFile[],
    private readonly sizeBytes: number,
  ) {
    for (const file of files)
      for (const record of file) {
        if (record.kind === 'generation') this.recorded(record);
        if (record.kind === 'disk') this.hasDisk = true;
      }
  }

  private recorded({ generation, record }: EvidenceOf<'generation'>): void {
    const standing = this.generations.get(generation);
    if (!standing) this.generations.set(generation, record);
    else if (describe(standing) !== describe(record))
      this.violations.push({
        invariant: 'one-live',
        message: `the record of generation ${generation} was ${describe(standing)}, and later ${describe(record)}`,
      });
  }

  /** Whether everything up to the last answer is here. */
  get isWhole(): boolean {
    return this.files.every(isUsable);
  }

  /** The disk. `made`: as in {@link SwitchEvidence}. */
  medium(made: number): { initial: Uint8Array; content: Uint8Array; writes: Kept<AppliedWrite> } {
    let initial = new Uint8Array(this.sizeBytes);
    for (const file of this.files)
      for (const record of file) {
        if (record.kind === 'disk') initial = new Uint8Array(this.sizeBytes);
        if (record.kind === 'piece') initial.set(record.data, record.position);
      }
    const writes = whole(() => this.writes(made));
    const content = initial.slice();
    for (const { sector, data } of writes) content.set(data, sector * SECTOR_BYTES);
    return { initial, content, writes };
  }

  /** The writes in order. One that was done again after the service was killed counts once. */
  private *writes(made: number): Generator<AppliedWrite, void> {
    let before = new Map<number, number>();
    for (const file of this.files) {
      const own = new Map<number, number>();
      for (const { id, sector, data, ...record } of writesIn(file)) {
        if (id > made) continue;
        const checksum = xxh32(data, sector >>> 0);
        if (before.get(id) !== checksum) yield { id, sector, data, ...record };
        own.set(id, checksum);
        if (own.size > MAX_REMEMBERED) own.delete(own.keys().next().value!);
      }
      before = file.end === 'closed' ? new Map() : own;
    }
  }
}

function* writesIn(file: EvidenceFile): Generator<EvidenceOf<'write'>, void> {
  for (const record of file) if (record.kind === 'write') yield record;
}

const describe = ({ primary, backups }: GenerationRecord): string =>
  `${primary} with ${backups.length > 0 ? backups.join(', ') : 'no backup'}`;
