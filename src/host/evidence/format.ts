/**
 * The file format of a real run's evidence: magic, version, then chained frames with a record and its time in each. A
 * process writes a file for each group and each of its lives.
 */
import { bool, bytes, list, oneOf, record, text, u64, uint, union, type ValueOf } from '../../base/codec.ts';
import { MAX_OPERATION_BYTES } from '../../devices/device.ts';
import { entryList } from '../../vmm/entries.ts';
import { groupName } from '../groups.ts';

/** The first bytes of a file. */
export const EVIDENCE_MAGIC = new TextEncoder().encode('VMFT-EVI');
/** The version of the format. */
export const EVIDENCE_VERSION = 3;
/** Earlier versions, which are read, too: without times, and without what a silence began with. */
export const UNTIMED_VERSION = 1;
/** See {@link UNTIMED_VERSION}. */
export const UNHEARD_VERSION = 2;
/** The largest record; a larger one is damage. */
export const MAX_RECORD_BYTES = 1 << 23;
/** The end of the files' names. */
export const EVIDENCE_SUFFIX = '.evidence';
/** The end of the name of the file with a group's machine: a recording without entries. */
export const MACHINE_SUFFIX = '.machine.log';

/** The processes that write evidence. */
export const evidenceRoles = ['host', 'switch', 'storage'] as const;
/** See {@link evidenceRoles}. */
export type EvidenceRole = (typeof evidenceRoles)[number];

const MAX_HOSTS = 16;
const generationRecord = record({ primary: text, backups: list(text, MAX_HOSTS) });
/** A log entry's number, and the last output that it covers. */
const cover = record({ entry: uint, made: uint });
const data = bytes(1 << 21);

/** The order is part of the format. */
const kinds = {
  /** The first record. `number`: of this file among those of the process, in the order of time. */
  head: record({ role: oneOf(...evidenceRoles), name: text, group: groupName, number: uint }),
  /** The process has ended in order: everything is here. */
  closed: record({}),
  /** Nothing more was written from here on, since the disk was full or too slow. */
  incomplete: record({ why: text }),

  // A host.
  /** The replica was made: with a machine at its boot, unless it is a spare. `first`: the record of generation 1. */
  booted: record({ role: oneOf('primary', 'backup', 'spare'), first: generationRecord }),
  /** What came through the doors of the machine, `tookUs` from the first of it to this record. */
  entries: record({ tookUs: uint, entries: entryList }),
  /** Log entries up to `last` have arrived from the primary; those of an earlier log from `first` on are void. */
  arrived: record({ first: uint, last: uint, covers: list(cover) }),
  /** Log entries that this primary has sent, as far as they cover outputs. */
  sent: record({ covers: list(cover) }),
  /** A backup's acknowledgement has arrived, of this generation's log up to an entry. */
  ack: record({ from: text, generation: uint, received: uint }),
  /** This backup has sent an acknowledgement. */
  acked: record({ generation: uint, received: uint }),
  /** Outputs left the host, those up to `last` in all; in {@link UNTIMED_VERSION} disk writes, too. */
  released: record({ first: uint, last: uint, generation: uint }),
  /** The host has asked storage for the record of a generation, and storage has given it that. */
  claimed: record({ generation: uint, record: generationRecord }),
  won: record({ generation: uint, record: generationRecord }),
  /** The replica went live, or continues in a new generation. `history`: entries through its doors before. */
  live: record({ generation: uint, icount: uint, history: uint, from: text }),
  members: record({ generation: uint, icount: uint, record: generationRecord }),
  /** The machine is from now on that of `from` after `history` entries, which has made so many outputs. */
  installed: record({ from: text, generation: uint, history: uint, icount: uint, made: uint }),
  /** The replica follows a primary's log, of which it has the entries up to this one. */
  following: record({ primary: text, entry: uint, made: uint }),
  /** The live machine's state has this hash. */
  checked: record({ icount: uint, hash: u64 }),
  stopped: record({ reason: oneOf('completed', 'diverged') }),
  /** The machine at its end here: position, state, outputs made, whether it is off, and the exit code. */
  state: record({ icount: uint, hash: u64, made: uint, off: bool, code: uint }),

  // The switch.
  /** Console output that was not seen before. */
  console: record({ first: uint, data }),
  /** Bytes typed at the console, from this offset since boot on. */
  typed: record({ offset: uint, data }),
  /** A frame of the guest that was not seen before. */
  frame: record({ number: uint, frame: data }),
  /** A frame for the guest that was accepted. */
  inbound: record({ number: uint, frame: data }),

  // Storage.
  /** The record of a generation; all of them at the begin of a file. */
  generation: record({ generation: uint, record: generationRecord }),
  /** A disk was created, of zeros; and pieces of its initial content. */
  disk: record({ sizeBytes: uint }),
  piece: record({ position: uint, data }),
  /** A write reached the medium. */
  write: record({ id: uint, sector: uint, data: bytes(MAX_OPERATION_BYTES) }),

  /** The process is there, and has had nothing else to write for a while. */
  alive: record({}),

  // A host.
  /** A write of the disk left the host. */
  'disk-write': record({ id: uint, generation: uint }),

  // A host, for the page of a run; checkers do without.
  /** Outputs for console or network wait until a log entry is acknowledged. */
  held: record({ first: uint, last: uint, entry: uint }),
  /** `heard`: the silence began with a message. `closed`: the connection was closed, and that is the reason. */
  suspected: record({ host: text, silentNs: uint, heard: bool, closed: bool }),
  /** The claim of a generation was in vain. */
  lost: record({ generation: uint, to: text }),
  /** The new generation does not name this host. */
  evicted: record({ generation: uint, primary: text }),
  /** The machine was discarded. */
  void: record({ why: text }),
  /** Another host becomes a backup, or does not. */
  joining: record({ host: text, how: oneOf('entries', 'copy') }),
  'join-ended': record({ host: text, why: text }),
  /** A planned switch-over begins. */
  switching: record({ to: text }),
  /** The guest has switched off. */
  off: record({ icount: uint, code: uint }),
};
const evidenceRecord = union(kinds);
/** A frame: when a record was written, in µs since the one before (the first: since 1970), and the record. */
export const timedRecord = record({ afterUs: uint, record: evidenceRecord });
/** A frame of {@link UNHEARD_VERSION}. */
export const unheardRecord = record({
  afterUs: uint,
  record: union({ ...kinds, suspected: record({ host: text, silentNs: uint, closed: bool }) }),
});
/** A frame of {@link UNTIMED_VERSION}. */
export const untimedRecord = union({
  ...kinds,
  entries: record({ entries: entryList }),
  released: record({ last: uint, generation: uint }),
});
/** A record of evidence. */
export type EvidenceRecord = ValueOf<typeof evidenceRecord>;
/** A record of one kind. */
export type EvidenceOf<K extends EvidenceRecord['kind']> = Extract<EvidenceRecord, { kind: K }>;
/** A log entry's number, and the last output that it covers. */
export type Cover = ValueOf<typeof cover>;
