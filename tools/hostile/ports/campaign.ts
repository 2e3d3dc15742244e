/** An attack on all ports of a cluster, with well-behaved clients beside it, and what must hold meanwhile. */
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { MachineDescription } from '../../../src/vmm/description.ts';
import type { AttackOptions } from './attack.ts';
import type { Count } from './links.ts';
import { neighbours, scraper, storageClient, teller, type Witness } from './witnesses.ts';
import { World } from './world.ts';

const MB = 1 << 20;
/** The growth of memory that is allowed: during the attack, garbage not collected yet included, and after it. */
const GROWTH = { peakMB: 1024, lastingMB: 96 };
/** A round that takes longer counts as a hang. */
const PATIENCE_MS = 120_000;
/** Services log refusals at five lines a second for each kind. */
const LINES_PER_SECOND = 100;
const SAMPLE_MS = 100;

/** What an attack has shown. */
export interface PortsReport {
  seconds: number;
  counts: Map<string, number>;
  /** Rounds of each witness. */
  rounds: Map<string, number>;
  /** What the attack has made replicas do, by kind of event. */
  events: ReadonlyMap<string, number>;
  lines: readonly string[];
  peakMB: number;
  lastingMB: number;
  problems: string[];
}

const usedMB = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / MB;
};

/** Memory in use after a garbage collection. */
function collectedMB(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return usedMB();
}

/**
 * Attacks a new cluster. `attacks` sends the messages, here or in another thread.
 * @param machine that of `programs/bank.s`
 */
export async function attackPorts(
  machine: MachineDescription,
  { messages, seed }: { messages: number; seed: string },
  attacks: (options: AttackOptions, count: Count) => Promise<void>,
): Promise<PortsReport> {
  const problems: string[] = [];
  const world = await World.open(machine);
  try {
    const witnesses = [teller, storageClient, scraper, neighbours].map((make) => make(world));
    await Promise.all(witnesses.map((witness) => rounds(witness, () => witness.rounds >= 2, problems)));
    const started = performance.now();
    const baseMB = collectedMB();
    let peakMB = baseMB;
    const sampling = setInterval(() => {
      peakMB = Math.max(peakMB, usedMB());
    }, SAMPLE_MS);
    const counts = new Map<string, number>();
    let isOver = false;
    const attacking = attacks({ ports: world.ports, key: world.key, messages, seed }, (what, number = 1) =>
      counts.set(what, (counts.get(what) ?? 0) + number),
    ).finally(() => {
      isOver = true;
    });
    // Two rounds after the attack: everybody still serves.
    let after = new Map<Witness, number>();
    const isDone = (witness: Witness) => {
      if (!isOver) return false;
      if (after.size === 0) after = new Map(witnesses.map((one) => [one, one.rounds]));
      return witness.rounds >= after.get(witness)! + 2;
    };
    await Promise.all([attacking, ...witnesses.map((one) => rounds(one, () => isDone(one), problems))]);
    clearInterval(sampling);
    const seconds = (performance.now() - started) / 1000;
    // What the connections held.
    await setTimeout(2 * SAMPLE_MS);
    const lastingMB = collectedMB() - baseMB;
    peakMB -= baseMB;
    const { lines, failures, events } = world;
    problems.push(...failures.map(({ message }) => `a service has failed: ${message}`));
    if (peakMB > GROWTH.peakMB) problems.push(`memory grew by ${peakMB.toFixed(0)} MB during the attack`);
    if (lastingMB > GROWTH.lastingMB) problems.push(`${lastingMB.toFixed(0)} MB are still in use after it`);
    if (lines.length > LINES_PER_SECOND * (seconds + 2))
      problems.push(`${lines.length} lines were logged in ${seconds.toFixed(0)} s`);
    if (counts.has('STRANGERS THAT WERE ADMITTED')) problems.push('a stranger was admitted');
    return {
      ...{ seconds, counts, events, lines, peakMB, lastingMB, problems },
      rounds: new Map(witnesses.map(({ name, rounds: done }) => [name, done])),
    };
  } finally {
    await world.close();
  }
}

/** Lets a witness work until it is done, or sees something wrong. */
async function rounds(witness: Witness, isDone: () => boolean, problems: string[]): Promise<void> {
  while (!isDone()) {
    const limit = new AbortController();
    const late = setTimeout(PATIENCE_MS, 'late', { signal: limit.signal }).catch(() => 'late');
    try {
      if ((await Promise.race([witness.round(), late])) === 'late')
        throw new Error(`no answer within ${PATIENCE_MS / 1000} s`);
      witness.rounds++;
    } catch (error) {
      problems.push(`${witness.name}, round ${witness.rounds + 1}: ${(error as Error).message}`);
      return;
    } finally {
      limit.abort();
    }
    await setTimeout(2);
  }
}
