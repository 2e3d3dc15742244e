import type { Codec } from '../base/codec.ts';
import { contextAfter, type Entry, entryCodec, INITIAL_CONTEXT } from '../vmm/entries.ts';
import type { Spool } from './spool.ts';
import { Tape } from './tape.ts';

/** Encodes entries as in a log, each relative to the one before. */
const entries = (): Codec<Entry> => {
  let context = INITIAL_CONTEXT;
  return {
    write: (out, entry) => {
      entryCodec(context).write(out, entry);
      context = contextAfter(context, entry);
    },
    read: (input) => {
      const entry = entryCodec(context).read(input);
      context = contextAfter(context, entry);
      return entry;
    },
  };
};

/** The first `count` entries of a tape that belongs to another history. */
interface Inherited {
  tape: Tape<Entry>;
  count: number;
}

/**
 * What came through a machine's doors since boot. A machine that was copied, or that applies checkpoints, shares the
 * history of its source up to the copy: it begins as a {@link fork}.
 */
export class History {
  private readonly own: Tape<Entry>;

  /** `spool`: undefined when entries are only counted. */
  constructor(
    private readonly spool: Spool | undefined,
    private readonly inherited: readonly Inherited[] = [],
  ) {
    this.own = new Tape(entries, spool);
  }

  private get parts(): readonly Inherited[] {
    return [...this.inherited, { tape: this.own, count: this.own.length }];
  }

  /** The number of entries, kept or not. */
  get length(): number {
    return this.parts.reduce((sum, { count }) => sum + count, 0);
  }

  /** Whether every entry can still be read. */
  get isWhole(): boolean {
    return this.parts.every(({ tape, count }) => tape.kept >= count);
  }

  append(entry: Entry): void {
    this.own.append(entry);
  }

  /** A history that begins with the first `count` entries of this one. */
  fork(count: number): History {
    const inherited: Inherited[] = [];
    let rest = count;
    for (const { tape, count } of this.parts) {
      if (rest === 0) break;
      inherited.push({ tape, count: Math.min(rest, count) });
      rest -= Math.min(rest, count);
    }
    return new History(this.spool, inherited);
  }

  /** The entries in order, as far as they are kept. */
  *[Symbol.iterator](): Generator<Entry, void, undefined> {
    for (const { tape, count } of this.parts) {
      let left = count;
      if (left === 0) continue;
      for (const entry of tape) {
        yield entry;
        if (--left === 0) break;
      }
      if (left > 0) return;
    }
  }
}
