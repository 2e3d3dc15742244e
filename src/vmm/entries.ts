import {
  bytes,
  type Codec,
  list,
  oneOf,
  optional,
  type Reader,
  record,
  u8,
  u64,
  uint,
  union,
  type ValueOf,
  type Writer,
} from '../base/codec.ts';
import { MAX_OPERATION_BYTES } from '../devices/device.ts';
import { outputCodec } from './outputs.ts';

/** The largest frame, console input or piece of entropy that one entry holds. */
const MAX_DATA_BYTES = 1 << 16;
/** The largest delta of one checkpoint, compressed. */
const MAX_DELTA_BYTES = 1 << 27;

/**
 * What a control entry does, and its `value`. `power-off`: the guest switched itself off (exit code). `end`: the
 * recording ends here (exit code). `reset`: the operator presses the reset button. `memory`: the size of RAM from here
 * on (bytes). `speed`: the share of processor time that the VM gets from here on (per mille). `switch-over`: the host
 * of this number in the cluster is to go live here. `unprotect`: the backups were discarded.
 */
export const controlActions = [
  'power-off',
  'end',
  'reset',
  'memory',
  'speed',
  'switch-over',
  'unprotect',
] as const;
/** What a control entry does: see {@link controlActions}. */
export type ControlAction = (typeof controlActions)[number];

/**
 * The kinds of log entries, one for each door, and the markers. The order is part of the format.
 *
 * `clock` and `entropy` are synchronous: the guest reads them in the step that starts at the entry's `icount`. The
 * others are handled when the machine is at their `icount`, before that step.
 */
const kinds = {
  /** The guest read the clock: ticks of 100 ns since boot. */
  clock: record({ ticks: uint }),
  /** The guest asked for random bytes. */
  entropy: record({ data: bytes(MAX_DATA_BYTES) }),
  /** The clock shows `ticks`: a timer of the guest has expired, or a derived clock is corrected. */
  timer: record({ ticks: uint }),
  /** Bytes typed at the console. */
  console: record({ data: bytes(MAX_DATA_BYTES) }),
  /** A frame came from the network. */
  net: record({ frame: bytes(MAX_DATA_BYTES) }),
  /** An action of the operator, or an end: see {@link controlActions}. */
  control: record({ action: oneOf(...controlActions), value: uint }),
  /** Covers outputs: up to here the guest has made this many since boot. */
  output: record({ made: uint }),
  /** A progress marker: there is no input before this `icount`. */
  progress: record({}),
  /** The hash of the machine's whole state. */
  check: record({ hash: u64 }),
  /**
   * A disk operation ended. A read has no `data` when each replica reads the shared disk itself; other operations never
   * have.
   */
  disk: record({ id: uint, status: u8, data: optional(bytes(MAX_OPERATION_BYTES)) }),
  /**
   * State transfer instead of replay: what changed since the previous checkpoint, the outputs made since, and the disk
   * operations under way. `history` counts what has come through the doors, and `frames` those of it from the network.
   */
  checkpoint: record({
    history: uint,
    frames: uint,
    delta: bytes(MAX_DELTA_BYTES),
    outputs: list(outputCodec),
    open: list(uint),
  }),
};
const content = union(kinds);

/** A log entry: what came through a door, and the position (`icount`). */
export type Entry = { icount: number } & ValueOf<typeof content>;
/** The name of a kind of log entry. */
export type EntryKind = Entry['kind'];
/** The kinds of log entries, in the order of their numbers. */
export const entryKinds = Object.keys(kinds) as readonly EntryKind[];
/** A log entry of one kind. */
export type EntryOf<K extends EntryKind> = Extract<Entry, { kind: K }>;

/** Entries that the VMM applies to the machine between two steps. */
export type Input =
  | EntryOf<'timer' | 'console' | 'net' | 'disk'>
  | (EntryOf<'control'> & { action: MachineAction });
/** Control actions that are applied to the machine. */
export type MachineAction = 'reset' | 'memory';

/** Whether an entry is an {@link Input}. */
export const isInput = (entry: Entry): entry is Input =>
  entry.kind === 'timer' ||
  entry.kind === 'console' ||
  entry.kind === 'net' ||
  entry.kind === 'disk' ||
  (entry.kind === 'control' && (entry.action === 'reset' || entry.action === 'memory'));

/** The latest values in the log so far: the encoding of the next entry is relative to them (delta encoding). */
export interface EncodingContext {
  icount: number;
  ticks: number;
  made: number;
}

/** The context of the first entry. */
export const INITIAL_CONTEXT: EncodingContext = { icount: 0, ticks: 0, made: 0 };

/** The context of the entry that comes next after `entry`, whose own context is `context`. */
export const contextAfter = (context: EncodingContext, entry: Entry): EncodingContext => ({
  icount: entry.icount,
  ticks: 'ticks' in entry ? entry.ticks : context.ticks,
  made: 'made' in entry ? entry.made : context.made,
});

/** Zigzag encoding: a signed difference as an unsigned number, small when the difference is. */
const toUnsigned = (difference: number): number => (difference < 0 ? -2 * difference - 1 : 2 * difference);
const toSigned = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** The entry with its ticks and its count of outputs mapped by `change`, which also gets the values before it. */
function changed(
  entry: Entry,
  context: EncodingContext,
  change: (value: number, before: number) => number,
): Entry {
  if ('ticks' in entry) return { ...entry, ticks: change(entry.ticks, context.ticks) };
  if ('made' in entry) return { ...entry, made: change(entry.made, context.made) };
  return entry;
}

/** Writes one entry, with its position, ticks and count of outputs relative to those before. */
export function writeEntry(out: Writer, entry: Entry, context: EncodingContext): void {
  out.varint(entry.icount - context.icount);
  content.write(
    out,
    changed(entry, context, (value, was) => toUnsigned(value - was)),
  );
}

function readEntry(input: Reader, context: EncodingContext): Entry {
  const icount = context.icount + input.varint();
  if (!Number.isSafeInteger(icount)) input.fail('position too large');
  return changed({ icount, ...content.read(input) }, context, (value, was) => {
    const result = was + toSigned(value);
    if (!Number.isSafeInteger(result) || result < 0) input.fail('clock or count out of range');
    return result;
  });
}

/** The codec of one entry that follows others: see {@link writeEntry}. */
export const entryCodec = (context: EncodingContext): Codec<Entry> => ({
  write: (out, entry) => writeEntry(out, entry, context),
  read: (input) => readEntry(input, context),
});

/** Entries in order, each relative to the one before. */
export const entryList: Codec<Entry[]> = {
  write: (out, entries) => {
    out.varint(entries.length);
    let context = INITIAL_CONTEXT;
    for (const entry of entries) {
      writeEntry(out, entry, context);
      context = contextAfter(context, entry);
    }
  },
  read: (input) => {
    const length = input.varint();
    if (length > input.remaining) input.fail(`${length} entries can't fit`);
    const entries: Entry[] = [];
    let context = INITIAL_CONTEXT;
    for (let i = 0; i < length; i++) {
      const entry = readEntry(input, context);
      context = contextAfter(context, entry);
      entries.push(entry);
    }
    return entries;
  },
};

/** An entry in one line, for stories and messages. */
export function describeEntry(entry: Entry): string {
  switch (entry.kind) {
    case 'clock':
    case 'timer':
      return `${entry.kind} ${entry.ticks} at ${entry.icount}`;
    case 'entropy':
    case 'console':
      return `${entry.kind} ${entry.data.length} bytes at ${entry.icount}`;
    case 'net':
      return `net ${entry.frame.length} bytes at ${entry.icount}`;
    case 'control':
      return `control ${entry.action} ${entry.value} at ${entry.icount}`;
    case 'disk':
      return `disk operation ${entry.id} ended with status ${entry.status} at ${entry.icount}`;
    case 'checkpoint':
      return `checkpoint of ${entry.delta.length} bytes at ${entry.icount}`;
    case 'output':
      return `output up to ${entry.made} at ${entry.icount}`;
    case 'check':
      return `check ${entry.hash.toString(16).padStart(16, '0')} at ${entry.icount}`;
    case 'progress':
      return `progress at ${entry.icount}`;
  }
}
