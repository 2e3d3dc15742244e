/** The files of a run's evidence. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { OperatingError } from '../../base/errors.ts';
import {
  EVIDENCE_SUFFIX,
  type EvidenceOf,
  type EvidenceRecord,
  MACHINE_SUFFIX,
  UNTIMED_VERSION,
} from '../../host/evidence/format.ts';
import {
  EmptyEvidence,
  type EvidenceEnd,
  type EvidencePlace,
  EvidenceStream,
} from '../../host/evidence/reader.ts';
import { LogStream } from '../../replay/log-file.ts';
import type { MachineDescription } from '../../vmm/description.ts';
import { asOperatingError } from '../files.ts';

const PIECE_BYTES = 1 << 16;

function* piecesOf(path: string, from = 0): Generator<Uint8Array, undefined> {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    for (let offset = from; ; ) {
      const bytes = new Uint8Array(PIECE_BYTES);
      const read = readSync(file, bytes, 0, PIECE_BYTES, offset);
      offset += read;
      if (read === 0) return;
      yield bytes.subarray(0, read);
    }
  } catch (error) {
    throw asOperatingError(path, error, 'check the path');
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A record, when it was written (in µs since 1970), and its size in the file. */
export interface TimedRecord {
  record: EvidenceRecord;
  timeUs: number;
  sizeBytes: number;
}

/** A file of evidence, which can be read repeatedly. It may grow meanwhile. */
export class EvidenceFile {
  readonly head: EvidenceOf<'head'>;
  /** When it begins, in µs since 1970; undefined if it is of a version without times. */
  readonly beginUs: number | undefined;
  /** Known when all records are read. */
  end: EvidenceEnd | undefined;
  /** The time of the last record; known when all are read. */
  endUs = 0;
  /** After the head. */
  private readonly start: EvidencePlace;
  /** Where {@link more} goes on. */
  private place: EvidencePlace;

  /** @throws {OperatingError} as {@link EvidenceStream} */
  constructor(readonly path: string) {
    const pieces = piecesOf(path);
    const { head, place } = new EvidenceStream(() => pieces.next().value, path);
    this.head = head;
    this.beginUs = place.version === UNTIMED_VERSION ? undefined : place.timeUs;
    this.start = place;
    this.place = place;
    pieces.return(undefined);
  }

  /** The records after the head, in order. */
  *[Symbol.iterator](): Generator<EvidenceRecord, void> {
    for (const [record] of this.from(this.start)) yield record;
  }

  /** The same with their times. */
  *timed(): Generator<TimedRecord, void> {
    let before = this.start;
    for (const [record, place] of this.from(before)) {
      yield { record, timeUs: place.timeUs, sizeBytes: place.offset - before.offset };
      before = place;
    }
  }

  /** The records that were added since the last call; at the first call all. */
  *more(): Generator<EvidenceRecord, void> {
    for (const [record, place] of this.from(this.place)) {
      this.place = place;
      yield record;
    }
  }

  private *from(place: EvidencePlace): Generator<[EvidenceRecord, EvidencePlace], void> {
    const pieces = piecesOf(this.path, place.offset);
    try {
      const stream = new EvidenceStream(() => pieces.next().value, this.path, place);
      for (const record of stream) yield [record, stream.place];
      this.end = stream.end;
      this.endUs = stream.timeUs;
    } finally {
      pieces.return(undefined);
    }
  }
}

/** Whether a file has all that its process wrote, until its end or until it was killed; known when all is read. */
export const isUsable = ({ end }: EvidenceFile): boolean => end === 'closed' || end === 'cut';

/** The files of one group. */
export interface GroupFiles {
  group: string;
  description: MachineDescription;
  /** In the order of time for each process. */
  hosts: EvidenceFile[];
  switches: EvidenceFile[];
  storages: EvidenceFile[];
}

/** The files of a group's hosts, in the order of time for each host. `seen`: files that were looked at, and are left out. */
export function newHostFiles(directory: string, wanted: string, seen: Set<string>): EvidenceFile[] {
  const files: EvidenceFile[] = [];
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    const file = seen.has(path) ? undefined : open(path);
    if (!file) continue;
    seen.add(path);
    if (file.head.group === wanted && file.head.role === 'host') files.push(file);
  }
  return files.sort((a, b) => a.head.number - b.head.number);
}

/**
 * The evidence in a directory, by group. Processes that were killed before they wrote anything are left out.
 * @throws {OperatingError} when a file is none, or a group's machine is not known
 */
export function filesIn(directory: string, wanted?: string): GroupFiles[] {
  const groups = new Map<string, EvidenceFile[]>();
  for (const name of namesIn(directory)) {
    const file = open(join(directory, name));
    if (!file || (wanted !== undefined && file.head.group !== wanted)) continue;
    const { group } = file.head;
    groups.set(group, [...(groups.get(group) ?? []), file]);
  }
  if (groups.size === 0)
    throw new OperatingError(
      `${directory}: no evidence${wanted === undefined ? '' : ` of group ${wanted}`}; hosts, switch and storage write it when they are started with \`--evidence DIR\``,
    );
  return [...groups].map(([group, files]) => {
    files.sort((a, b) => a.head.number - b.head.number);
    const of = (role: string) => files.filter(({ head }) => head.role === role);
    const description = machineOf(directory, group);
    return { group, description, hosts: of('host'), switches: of('switch'), storages: of('storage') };
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(EVIDENCE_SUFFIX))
      .sort();
  } catch (error) {
    throw asOperatingError(directory, error, 'name the directory with the evidence');
  }
}

function open(path: string): EvidenceFile | undefined {
  try {
    return new EvidenceFile(path);
  } catch (error) {
    if (error instanceof EmptyEvidence) return undefined;
    throw error;
  }
}

function machineOf(directory: string, group: string): MachineDescription {
  const path = join(directory, `${group}${MACHINE_SUFFIX}`);
  const pieces = piecesOf(path);
  try {
    return new LogStream(() => pieces.next().value, path).description;
  } finally {
    pieces.return(undefined);
  }
}
