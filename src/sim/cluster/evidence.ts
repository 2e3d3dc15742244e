/** A simulated run's evidence for the checkers. */
import { assert } from '../../base/assert.ts';
import type { Evidence, Meeting } from '../../check/evidence.ts';
import type { Vmm } from '../../vmm/vmm.ts';
import type { Simulation } from './cluster.ts';

/** The evidence of a run that is over. */
export function evidenceOf(run: Simulation): Evidence {
  const { outcome, options, observer, console, network, storage } = run;
  assert(outcome !== undefined, 'the run is over');
  const { content, writes } = medium(run);
  return {
    description: options.description,
    outcome,
    found: [...observer.violations, ...console.violations],
    survivor: { host: run.survivor, history: observer.history, icount: run.machine.icount },
    meeting: lastMeeting(run),
    typed: console.input,
    console: console.transcript,
    inbound: network.framesIn,
    frames: network.framesOut,
    medium: { initial: run.diskContent, content, writes },
    clients: {
      calls: network.clients.flatMap((client) => client.calls),
      errors: network.errors,
    },
    waiting: run.machine.icount >= options.spec.maxSteps ? [] : waiting(run),
    generation: storage.generations.newest,
    unharmed: run.unharmedMembers,
  };
}

/** No other host writes to a private disk: its writes are no evidence. */
function medium(run: Simulation): Pick<Evidence['medium'], 'content' | 'writes'> {
  if (run.options.spec.disk !== 'private') return run.storage.disk;
  return { content: run.privateDisk(run.survivor).content, writes: Object.assign([], { isWhole: true }) };
}

/** What still waited for the service at the end, in words. */
function waiting({ machine, network, console }: Simulation): string[] {
  const typed = machine.consoleReceived < console.input.length && machine.consoleRoom > 0;
  return [
    ...(machine.diskOpen ? ['a disk operation'] : []),
    ...(network.done ? [] : ['clients']),
    ...(console.exhausted && typed ? ['typed input'] : []),
    ...(machine.power.off ? ['the end'] : []),
  ];
}

/** Where two machines were the same for the last time, or diverged. */
function lastMeeting(run: Simulation): Meeting | undefined {
  const failover = run.failovers.at(-1);
  if (failover) return { a: failover.fromHistory, b: failover.toHistory, icount: failover.meetingIcount };
  const [a, b] = [run.hosts.get('primary'), run.hosts.get('backup')];
  const [one, other] = [a?.replica.vmm, b?.replica.vmm];
  if (!a || !b || !one || !other) return undefined;
  const histories = { a: run.history(a.id), b: run.history(b.id) };
  const { divergence } = run.observer;
  if (!divergence) return { ...histories, icount: Math.min(one.icount, other.icount) };
  const { icount } = divergence;
  const there = ({ machine }: Vmm) => (machine.icount === icount ? machine : undefined);
  return { ...histories, icount, machines: { a: there(one), b: there(other) } };
}
