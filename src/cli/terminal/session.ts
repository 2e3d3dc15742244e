/** An attended run: the user types at its console, and idle time passes in real time. */
import { setImmediate } from 'node:timers/promises';
import type { Simulation } from '../../sim/cluster/cluster.ts';
import { NS_PER_STEP } from '../../sim/cluster/host.ts';
import { LIVE } from '../../sim/faults/faults.ts';
import { typing } from '../../sim/spec/actions.ts';
import type { Key } from './keys.ts';
import { nowMs } from './now.ts';
import type { Terminal } from './terminal.ts';

/** Maximum real time and number of events between two polls for keys: an idle guest makes many events at once. */
const POLL_MS = 10;
const POLL_EVENTS = 200;
/** Shorter pauses accumulate: a timer is not more precise. */
const MIN_PAUSE_NS = 5e6;
/** After a crash by a key, the host restarts after this time. */
const RESTART_NS = 1e9;

/**
 * Runs a simulation until it ends or is quit. Typed bytes reach the console at the virtual time of the poll. A busy
 * guest runs at full speed; while it is idle, virtual time passes in real time. `turn` is called after each poll.
 */
export async function runSession(
  simulation: Simulation,
  terminal: Terminal,
  help: () => void,
  turn: () => void = () => {},
): Promise<'ended' | 'quit'> {
  let owedNs = 0;
  for (;;) {
    for (const key of terminal.take()) {
      if (key.kind === 'quit') return 'quit';
      act(simulation, key, help);
    }
    if (terminal.ended && simulation.console.open) simulation.act({ kind: 'close' });
    const before = positionOf(simulation);
    if (!advance(simulation)) return 'ended';
    turn();
    const after = positionOf(simulation);
    owedNs += idleNs(simulation, before, after);
    if (after.nowNs === before.nowNs && simulation.stalled) await terminal.typed();
    else if (owedNs >= MIN_PAUSE_NS) owedNs -= await pause(terminal, owedNs);
    else await setImmediate();
  }
}

/** Advances the simulation by some events; false when the run is over. */
function advance(simulation: Simulation): boolean {
  const started = nowMs();
  for (let i = 0; i < POLL_EVENTS && nowMs() - started < POLL_MS; i++)
    if (!simulation.advance(1)) return false;
  return true;
}

function act(simulation: Simulation, key: Key, help: () => void): void {
  switch (key.kind) {
    case 'type':
      for (const action of typing(key.data)) simulation.act(action);
      return;
    case 'crash': {
      const when = { at: 'time', ns: Math.ceil(simulation.nowNs) } as const;
      simulation.act({ kind: 'fault', fault: { kind: 'crash', who: LIVE, when, forNs: RESTART_NS } });
      return;
    }
    case 'help':
      return help();
    case 'quit':
      return;
  }
}

interface Position {
  nowNs: number;
  icount: number;
}

/** How far a simulation is. */
export const positionOf = ({ nowNs, machine }: Simulation): Position => ({ nowNs, icount: machine.icount });

/** The idle time of the guest between two positions. */
export function idleNs({ options, survivor }: Simulation, before: Position, after: Position): number {
  const speed = options.spec.speeds[survivor] ?? 1;
  // After a failover the machine may be behind the old one.
  const busyNs = Math.max(0, after.icount - before.icount) * (NS_PER_STEP / speed);
  return Math.max(0, after.nowNs - before.nowNs - busyNs);
}

/** Waits in real time, or until something is typed; returns the time waited, in ns. */
async function pause(terminal: Terminal, ns: number): Promise<number> {
  const started = nowMs();
  await terminal.typed(ns / 1e6);
  return (nowMs() - started) * 1e6;
}
