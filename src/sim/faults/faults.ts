/** Faults and operator commands of a schedule. */
import type { Command } from '../../ft/effects.ts';
import type { Phase } from '../../ft/replica.ts';

/** A host by the role that it boots in: `primary`, `backup`, `backup2`, …, `spare`, `spare2`, … */
export type HostId = string;
/** A host, shared storage, or the switch: the console and the clients are behind it. */
export type NodeId = HostId;
/** Shared storage. */
export const STORAGE: NodeId = 'storage';
/** The switch of the edge. */
export const SWITCH: NodeId = 'switch';
/** The host that is live at the fault's moment. */
export const LIVE: HostId = 'live';

/** The moment of a fault. */
export type When =
  /** The VM of that host has taken this many steps. */
  | { at: 'icount'; icount: number }
  | { at: 'time'; ns: number }
  /** The VM of that host has taken the step that makes this output. */
  | { at: 'output'; number: number }
  /** The VM of that host has taken the step that appends this log entry; or the host has received it. */
  | { at: 'entry'; number: number }
  /** The host has sent this many messages to other hosts; the last of them may arrive or not. */
  | { at: 'sent'; number: number };

/** The `number`-th time, from 1 on, that a host enters a phase. */
export interface PhaseMoment {
  host: HostId;
  phase: Phase;
  number: number;
}

/** `after`: the fault's time counts from this moment, and not from boot. */
export type Fault = FaultAtTime & { after?: PhaseMoment };

type FaultAtTime =
  /** The host loses its power and its state; after `forNs`, if given, it restarts empty. */
  | { kind: 'crash'; who: HostId; when: When; forNs?: number }
  /**
   * The process is killed, with the host's state; its operating system sends what the process has handed over, and closes
   * its connections. After `forNs`, if given, it restarts empty.
   */
  | { kind: 'kill'; who: HostId; when: When; forNs?: number }
  /** The host is paused for `forNs`, then resumes. */
  | { kind: 'pause'; who: HostId; when: When; forNs: number }
  /** Memory corruption: bit `bit` of the byte at offset `offset` in the VM's RAM flips. */
  | { kind: 'flip'; who: HostId; when: When; offset: number; bit: number }
  /** The host's speed is multiplied by `factor` for `forNs`. */
  | { kind: 'slow'; who: HostId; atNs: number; forNs: number; factor: number }
  /** The host's wall clock is set forward or back. */
  | { kind: 'clock'; who: HostId; atNs: number; jumpNs: number }
  /** A failure domain loses its power, with every host in it. Each host has a `crash` event, and the domain no end. */
  | { kind: 'domain'; domain: string; atNs: number; forNs?: number }
  /** The link from one node to another is partitioned for `forNs`; `both`: the reverse direction, too. */
  | { kind: 'partition'; from: NodeId; to: NodeId; both: boolean; atNs: number; forNs: number }
  /** The delay between two nodes grows by `extraNs` for `forNs`. */
  | { kind: 'delay'; from: NodeId; to: NodeId; atNs: number; forNs: number; extraNs: number }
  /** Datagrams (heartbeats) between two nodes are lost, or duplicated, with this probability. */
  | { kind: 'lose'; from: NodeId; to: NodeId; atNs: number; forNs: number; probability: number }
  | { kind: 'duplicate'; from: NodeId; to: NodeId; atNs: number; forNs: number; probability: number }
  /** The stream between two nodes breaks, loses messages in flight, and is re-established. */
  | { kind: 'reset'; from: NodeId; to: NodeId; atNs: number }
  /**
   * For `forNs` storage does not answer, has no room for writes, or fails every operation. `restart`: it does not
   * answer; answered requests persist, and of the writes under way random ones were done.
   */
  | { kind: 'outage' | 'full' | 'io-error' | 'restart'; atNs: number; forNs: number }
  /** Storage performs requests, but answers twice, late and out of order, or never, for `forNs`. */
  | { kind: 'answers'; atNs: number; forNs: number; how: AnswerFault }
  /** Not a fault: an operator's command to the primary. */
  | { kind: 'command'; command: Command; atNs: number };

/** How storage answers under an `answers` fault: twice, late and out of order, or never. */
export const answerFaults = ['twice', 'late', 'never'] as const;
/** See {@link answerFaults}. */
export type AnswerFault = (typeof answerFaults)[number];

/** Whether the host's state is lost. */
export const isEndOfHost = ({ kind }: Fault): boolean => kind === 'crash' || kind === 'kill';

/** The first word of a fault's text. */
export type FaultKind = Fault['kind'];
/** A fault of one host that may be at a position. */
export type HostFault = Extract<Fault, { when: When }>;
/** A fault of the link between two nodes. */
export type LinkFault = Extract<Fault, { from: NodeId }>;

/**
 * The hosts that a fault names, without {@link LIVE} where that is allowed: a link is between hosts by name, storage and
 * the switch.
 */
export const hostsOf = (fault: Fault): HostId[] => {
  const affected = [...('who' in fault ? [fault.who] : []), ...(fault.after ? [fault.after.host] : [])];
  const ends = 'from' in fault ? [fault.from, fault.to] : [];
  return [
    ...(fault.kind === 'command' ? hostsOfCommand(fault.command) : []),
    ...affected.filter((host) => host !== LIVE),
    ...ends.filter((node) => node !== STORAGE && node !== SWITCH),
  ];
};

/** The hosts that an operator's command names. */
function hostsOfCommand(command: Command): HostId[] {
  if (command.kind === 'switch-over') return command.to === undefined ? [] : [command.to];
  return command.kind === 'move-backup' ? [command.from] : [];
}

/** The time of a fault in ns, from boot or from its `after`; undefined if its moment is a position. */
export const timeOf = (fault: Fault): number | undefined => {
  if ('atNs' in fault) return fault.atNs;
  return fault.when.at === 'time' ? fault.when.ns : undefined;
};
