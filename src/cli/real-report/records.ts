/** The records of all processes of a group in the order of their times. */
import { OperatingError } from '../../base/errors.ts';
import type { EvidenceRecord } from '../../host/evidence/format.ts';
import { STORAGE, SWITCH } from '../../sim/faults/faults.ts';
import type { EvidenceFile, GroupFiles, TimedRecord } from '../judging/files.ts';

/** One life of a process: what it did between its start and its end is in one file. */
export interface Life {
  /** A host's name, or storage or switch. */
  node: string;
  file: EvidenceFile;
  /** The process has begun anew after it. */
  hasNext: boolean;
}

/** A record, or the end of a file. */
export interface Sighting {
  life: Life;
  record: EvidenceRecord | { kind: 'end' };
  /** Since the first host began; less than 0 before it. */
  atNs: number;
  sizeBytes: number;
}

/** The clocks of processes, in ns that are added to their times. */
export type Clocks = ReadonlyMap<string, number>;

/**
 * The lives of all processes.
 * @throws {OperatingError} for files without times
 */
export function livesOf({ hosts, switches, storages }: GroupFiles): Life[] {
  const of = (files: readonly EvidenceFile[], node?: string): Life[] =>
    files.map((file, index) => ({
      ...{ node: node ?? file.head.name, file },
      hasNext: files.slice(index + 1).some(({ head }) => head.name === file.head.name),
    }));
  const lives = [...of(hosts), ...of(storages, STORAGE), ...of(switches, SWITCH)];
  const untimed = lives.find(({ file }) => file.beginUs === undefined);
  if (untimed)
    throw new OperatingError(
      `${untimed.file.path}: evidence of format 1 has no times, which a report needs; \`vmft judge\` checks it all the same`,
    );
  return lives;
}

/** When the run began, in µs since 1970: with the first host. */
export const beginOf = (lives: readonly Life[]): number =>
  Math.min(...lives.filter(({ file }) => file.head.role === 'host').map(({ file }) => file.beginUs!));

/** A file that is being read, or will be: it is opened when its time has come. */
interface Reading {
  life: Life;
  records: Iterator<TimedRecord, void> | undefined;
  next: { record: Sighting['record']; timeUs: number; sizeBytes: number };
}

function advance(reading: Reading): boolean {
  const { life, next } = reading;
  if (next.record.kind === 'end') return false;
  reading.records ??= life.file.timed();
  const { value } = reading.records.next();
  reading.next = value ?? { record: { kind: 'end' }, timeUs: life.file.endUs, sizeBytes: 0 };
  return true;
}

/** All records, each file's from its head to its end. */
export function* recordsOf(lives: readonly Life[], clocks: Clocks = new Map()): Generator<Sighting, void> {
  const beginUs = beginOf(lives);
  const timeOf = ({ life, next }: Reading) => (next.timeUs - beginUs) * 1000 + (clocks.get(life.node) ?? 0);
  let readings = lives.map((life): Reading => {
    const { head, beginUs: timeUs } = life.file;
    return { life, records: undefined, next: { record: head, timeUs: timeUs!, sizeBytes: 0 } };
  });
  while (readings.length > 0) {
    const first = readings.reduce((best, one) => (timeOf(one) < timeOf(best) ? one : best));
    const { record, sizeBytes } = first.next;
    yield { life: first.life, record, atNs: timeOf(first), sizeBytes };
    if (!advance(first)) readings = readings.filter((one) => one !== first);
  }
}
