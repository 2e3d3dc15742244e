/** A run that somebody takes part in: at its console, in real time as far as the guest waits. */
import { setImmediate } from 'node:timers/promises';
import type { Simulation } from '../../sim/cluster.ts';
import { LIVE } from '../../sim/faults/faults.ts';
import { NS_PER_STEP } from '../../sim/host.ts';
import type { Key } from './keys.ts';
import type { Terminal } from './terminal.ts';

/** So often it is looked for keys, in real time; and in events, of which a waiting guest makes many at once. */
const LOOK_MS = 10;
const LOOK_EVENTS = 200;
/** Shorter pauses are saved up: a timer is not more exact. */
const MIN_PAUSE_NS = 5e6;
/** How long a host that was crashed by a key stays without power. */
const POWER_RETURNS_NS = 1e9;

/**
 * Runs a simulation until it ends or is quit. What is typed reaches the console at the virtual time at which it is seen. A guest that
 * computes runs as fast as it can; while it waits, virtual time passes as real time does. `turn` is called again and again.
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
    if (terminal.ended) simulation.console.close();
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

/** Lets a few events happen; false when the run is over. */
function advance(simulation: Simulation): boolean {
  const started = performance.now();
  for (let i = 0; i < LOOK_EVENTS && performance.now() - started < LOOK_MS; i++)
    if (!simulation.advance(1)) return false;
  return true;
}

function act(simulation: Simulation, key: Key, help: () => void): void {
  switch (key.kind) {
    case 'type':
      return simulation.console.typeNow(key.data);
    case 'crash':
      return simulation.injector.add({
        kind: 'crash',
        who: LIVE,
        when: { at: 'time', ns: simulation.nowNs },
        forNs: POWER_RETURNS_NS,
      });
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

const positionOf = ({ nowNs, machine }: Simulation): Position => ({ nowNs, icount: machine.icount });

/** How much of the time between two positions the guest has waited. */
function idleNs({ options, survivor }: Simulation, before: Position, after: Position): number {
  const speed = options.spec.speeds[survivor] ?? 1;
  // After a failover the machine may be one that is a little behind.
  const busyNs = Math.max(0, after.icount - before.icount) * (NS_PER_STEP / speed);
  return Math.max(0, after.nowNs - before.nowNs - busyNs);
}

/** Lets real time pass, unless something is typed; gives back how much has. */
async function pause(terminal: Terminal, ns: number): Promise<number> {
  const started = performance.now();
  await terminal.typed(ns / 1e6);
  return (performance.now() - started) * 1e6;
}
