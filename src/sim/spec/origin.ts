/** How a run was made, as its recording says it: with the machine's description, all that the run is a function of. */
import {
  bool,
  bytes,
  decode,
  list,
  optional,
  record,
  text,
  u32,
  uint,
  type ValueOf,
} from '../../base/codec.ts';
import { FormatError, OperatingError } from '../../base/errors.ts';
import type { LogReader } from '../../replay/log-file.ts';
import { faultText, parseFault } from '../faults/fault-text.ts';
import { actionCodec, type TimedAction } from './actions.ts';
import { type RunSpec, validated } from './spec.ts';
import { asText } from './text-codec.ts';

/** As JSON, with faults in their text form. */
const specCodec = asText<RunSpec>(
  (given) => {
    const spec = validated(given);
    return JSON.stringify({ ...spec, faults: spec.faults.map(faultText) });
  },
  (source) => {
    const spec = JSON.parse(source) as Omit<RunSpec, 'faults'> & { faults: string[] };
    return validated({ ...spec, faults: spec.faults.map(parseFault) });
  },
);

/** The encoding of an origin in a recording. */
export const originCodec = record({
  /** The version of vmft. */
  version: text,
  spec: specCodec,
  /** The prepared console input. */
  input: bytes(),
  typeAfter: optional(text),
  /** Whether input could come at any time. */
  attended: bool,
  /** The files of the disks, in the order of their slots; undefined for a disk of zeros. */
  diskFiles: list(optional(text)),
  /** The checksum of the initial content of all disks; 0 if all are zeros. */
  diskChecksum: u32,
});

/** See the head of this file. */
export type Origin = ValueOf<typeof originCodec>;

/** What a recording notes during the run: an action of the user; without one, that its entries are from this time on. */
export const noteCodec = record({ atNs: uint, action: optional(actionCodec) });

/** A mark is made before an entry if the last one is this old: what comes after a mark came within this time. */
export const MARK_NS = 100_000_000;

/** The history of the live machine has `count` entries of the recording at this time. */
export interface Mark {
  atNs: number;
  count: number;
}

/** A run that can be made again. */
export interface RecordedRun {
  origin: Origin;
  actions: TimedAction[];
  marks: Mark[];
  /** The position, and the number of entries, up to which the recording is good. */
  icount: number;
  entries: number;
  /** What was recorded had happened by this time. */
  endNs: number;
  recording: LogReader;
}

/**
 * Reads how a recorded run was made. `name`: the file's name, for messages.
 * @throws {OperatingError} when the recording does not say it, or not in a way that is known here
 */
export function readRun(recording: LogReader, name: string): RecordedRun {
  if (!recording.origin)
    throw new OperatingError(
      `${name} does not say how its run was made; a simulated run that \`vmft run --record\` has recorded does, since its log format is 7: record it again. What real hosts did can't be run again`,
    );
  try {
    const origin = decode(originCodec, recording.origin);
    let icount = 0;
    for (const entry of recording) ({ icount } = entry);
    const actions: TimedAction[] = [];
    const marks: Mark[] = [];
    for (const { count, content } of recording.notes()) {
      const { atNs, action } = decode(noteCodec, content);
      if (action) actions.push({ atNs, action });
      else marks.push({ atNs, count });
    }
    const lastMarkNs = marks.at(-1)?.atNs ?? 0;
    const lastActionNs = actions.at(-1)?.atNs ?? 0;
    const endNs = Math.max(lastActionNs, recording.damage ? lastMarkNs + MARK_NS : lastMarkNs);
    return { origin, actions, marks, icount, entries: recording.count, endNs, recording };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new OperatingError(
      `${name}: how its run was made can't be read (${error.message}): another version of vmft has recorded it; use that one, or record it again`,
    );
  }
}
