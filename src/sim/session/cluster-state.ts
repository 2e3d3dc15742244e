/** What a simulated cluster is doing at one moment, as plain data. */
import type { Outcome } from '../../check/evidence.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { Phase, Role } from '../../ft/replica.ts';
import type { Simulation } from '../cluster/cluster.ts';
import type { Host } from '../cluster/host.ts';
import type { AnswerFault, HostId, NodeId } from '../faults/faults.ts';

/** One host. */
export interface HostState {
  id: HostId;
  power: 'on' | 'paused' | 'off';
  /** Whether it has power, and its replica has not stopped. */
  alive: boolean;
  role: Role;
  phase: Phase;
  generation: number;
  /** Steps that its guest has taken by now; undefined: it has no machine. */
  icount?: number;
  /** How many steps a backup is behind the live machine. */
  lagSteps?: number;
  /** Log entries that it has received and not consumed. */
  backlog: number;
  /** Outputs that wait for an acknowledgement: what a primary has made and not released. */
  held: HeldOutput[];
}

/** Outputs with these numbers wait at a host. `text`: what they print. */
export interface HeldOutput {
  first: number;
  last: number;
  text: string;
}

/** One direction of a link that has carried a message. */
export interface LinkState {
  from: NodeId;
  to: NodeId;
  partitioned: boolean;
  /** The stream is broken. */
  broken: boolean;
  extraDelayNs: number;
  /** The probabilities that a datagram is lost, or duplicated. */
  loss: number;
  duplication: number;
  /** Messages on their way, and those that wait for the end of a partition. */
  inFlight: number;
  waiting: number;
}

/** The state of a cluster. */
export interface ClusterState {
  /** Virtual time, in ns. */
  atNs: number;
  /** The number of events of the scheduler so far. */
  event: number;
  /** How the run has ended; undefined before its end. */
  outcome: Outcome | undefined;
  /** The host that is live, or was last. */
  live: HostId;
  hosts: HostState[];
  links: LinkState[];
  storage: {
    isDown: boolean;
    generation: number;
    record: GenerationRecord;
    /** The fault that its answers are subject to. */
    answers: AnswerFault | undefined;
  };
  /** What the console has printed so far. */
  console: Uint8Array;
}

/** `atNs`: a time from the last event on, and before the next one. */
export function clusterState(
  simulation: Simulation,
  { event, atNs, held }: { event: number; atNs: number; held: (host: HostId) => HeldOutput[] },
): ClusterState {
  const { storage, mesh, survivor, outcome, transcript } = simulation;
  const all = [...simulation.hosts.values()];
  const live = simulation.live();
  const liveSteps = live && stepsTaken(live, atNs);
  const { generations, isDown, answerFaults } = storage;
  return {
    ...{ atNs, event, outcome, live: survivor },
    hosts: all.map((host) => hostState(host, atNs, liveSteps, held(host.id))),
    links: [...mesh.all].map(({ from, to, link }) => ({
      ...{ from, to, partitioned: link.isPartitioned, broken: link.isBroken },
      ...{ extraDelayNs: link.extraDelayNs, loss: link.loss, duplication: link.duplication },
      ...{ inFlight: link.inFlightCount, waiting: link.waitingCount },
    })),
    storage: {
      isDown,
      generation: generations.newest,
      record: generations.latest,
      answers: answerFaults.at(-1),
    },
    console: transcript,
  };
}

/** Steps that a host's guest has taken at a time, which may be after the last event. */
function stepsTaken({ replica, stepsTaken: taken, hostClock }: Host, atNs: number): number {
  const since = Math.floor((atNs - hostClock.nowNs) / hostClock.nsPerStep);
  return Math.min(replica.vmm?.icount ?? 0, taken + since);
}

function hostState(host: Host, atNs: number, liveSteps: number | undefined, held: HeldOutput[]): HostState {
  const { id, power, alive, replica } = host;
  const { role, phase, generation, backlog } = replica;
  const icount = replica.vmm && (alive ? stepsTaken(host, atNs) : replica.vmm.icount);
  const isBehind = alive && role === 'backup' && icount !== undefined && liveSteps !== undefined;
  return {
    ...{ id, power, alive, role, phase, generation, backlog, held },
    ...(icount !== undefined && { icount }),
    ...(isBehind && { lagSteps: Math.max(0, liveSteps - icount) }),
  };
}
