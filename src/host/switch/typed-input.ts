import { OperatingError } from '../../base/errors.ts';
import { ByteLog } from './byte-log.ts';
import { type EdgeRecord, MAX_SESSIONS } from './edge-records.ts';

/** The bound of typed bytes that the guest's log does not hold yet; a console that types more waits. */
export const MAX_TYPED_KEPT_BYTES = 256 << 10;

/**
 * What was typed at a group's console and is not known to be in the log of every member of the group. Each typist's
 * session counts its bytes, so that a client which attaches again knows which ones were taken.
 */
export class TypedInput {
  private readonly kept = new ByteLog();
  /** By session, the bytes taken; the one used last at the end. */
  private readonly taken = new Map<bigint, number>();

  /** The offset of the next byte since boot. */
  get end(): number {
    return this.kept.end;
  }

  /** The offset of the oldest byte that is kept. */
  get start(): number {
    return this.kept.start;
  }

  get room(): number {
    return MAX_TYPED_KEPT_BYTES - this.kept.sizeBytes;
  }

  /** The bytes taken from a session. */
  takenFrom(session: bigint): number {
    return this.taken.get(session) ?? 0;
  }

  /** Takes bytes, for which there is room. */
  take(session: bigint, data: Uint8Array): void {
    this.count(session, this.takenFrom(session) + data.length);
    this.kept.append(data);
  }

  private count(session: bigint, taken: number): void {
    this.taken.delete(session);
    this.taken.set(session, taken);
    if (this.taken.size <= MAX_SESSIONS) return;
    for (const oldest of this.taken.keys()) {
      this.taken.delete(oldest);
      return;
    }
  }

  /** Bytes before `upTo` are in the log of every member; whether that is news. */
  held(upTo: number): boolean {
    if (upTo <= this.start) return false;
    this.kept.forget(Math.min(upTo, this.end));
    return true;
  }

  /**
   * Where a primary that asks for `offset` is served from.
   * @throws {OperatingError} when those bytes are not kept any longer
   */
  seek(offset: number): number {
    if (offset < this.start)
      throw new OperatingError(
        `typed bytes from ${offset} on are requested, but a primary has said that those before ${this.start} are held`,
      );
    // More than was ever typed here: the journal is a new one, and what was typed since has other offsets.
    if (offset > this.end) this.kept.moveTo(offset);
    return offset;
  }

  /** Up to `limitBytes` bytes from `offset` on. */
  read(offset: number, limitBytes: number): Uint8Array {
    return this.kept.read(offset, limitBytes);
  }

  /** Its part of a group's state. */
  save(): Pick<EdgeRecord & { kind: 'state' }, 'typedOffset' | 'typed' | 'sessions'> {
    const sessions = [...this.taken].map(([id, typed]) => ({ id, typed }));
    return { typedOffset: this.start, typed: this.kept.all(), sessions };
  }

  restore({ typedOffset, typed, sessions }: ReturnType<TypedInput['save']>): void {
    this.kept.forget(this.end);
    this.kept.moveTo(typedOffset);
    this.kept.append(typed);
    for (const session of sessions) this.count(session.id, session.typed);
  }
}
