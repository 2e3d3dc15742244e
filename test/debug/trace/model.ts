/** A model of a machine that knows only what a trace says, and the machine that really replays beside it. */
import { expect } from 'vitest';
import { csrs } from '../../../src/cpu/csrs.ts';
import { type HartWord, RAM_BASE } from '../../../src/cpu/layout.ts';
import { abiNames, floatAbiNames } from '../../../src/cpu/registers.ts';
import { csrValue } from '../../../src/debug/csr-values.ts';
import {
  type MemoryAccess,
  modeOf,
  type TraceEvent,
  type TrapEvent,
} from '../../../src/debug/trace/events.ts';
import type { TraceSource } from '../../../src/debug/trace/recorded-steps.ts';
import { type TraceOptions, Tracer } from '../../../src/debug/trace/tracer.ts';
import { Timeline } from '../../../src/replay/timeline.ts';
import type { MachineDescription } from '../../../src/vmm/description.ts';
import { ReplayDoors } from '../../../src/vmm/doors.ts';
import { isInput } from '../../../src/vmm/entries.ts';
import { Machine } from '../../../src/vmm/machine.ts';

export const EVERYTHING: Omit<TraceOptions, 'emit'> = { from: 0, to: Number.MAX_SAFE_INTEGER, filter: {} };

/** The events of a trace. */
export function eventsOf(source: TraceSource, options: Partial<TraceOptions> = {}): TraceEvent[] {
  const events: TraceEvent[] = [];
  const emit = (event: TraceEvent) => {
    events.push(event);
    return true;
  };
  for (const _ of new Tracer(source, { ...EVERYTHING, emit, ...options }).parts());
  return events;
}

/** CSRs that hold state, and are no view of others. */
const VIEWS = /^(sstatus|sie|sip|fflags|frm|cycle|instret|time|seed)$/;
const stateful = csrs.filter(({ name, access }) => access.is !== 'constant' && !VIEWS.test(name));

/** Every register and CSR of a machine. */
export const registersOf = (machine: Machine): Map<string, bigint> =>
  new Map([
    ...abiNames.map((name, index): [string, bigint] => [name, machine.hart.get(`x${index}` as HartWord)]),
    ...floatAbiNames.map((name, index): [string, bigint] => [
      name,
      machine.hart.get(`f${index}` as HartWord),
    ]),
    ...stateful.map((csr): [string, bigint] => [csr.name, csrValue(machine, csr)]),
  ]);

const U64 = 2n ** 64n - 1n;

/** What a machine does in one step, seen by single steps of a replay. */
interface RealStep {
  /** The mode before an interrupt that is taken before the step. */
  modeBefore: string;
  pc: bigint;
  mode: string;
  /** Registers before the inputs that follow. */
  after: Map<string, bigint>;
}

/** All steps, and the machine at the end. */
function realSteps({ description, entries }: TraceSource): { steps: RealStep[]; machine: Machine } {
  const timeline = new Timeline(description, entries);
  const { machine } = timeline;
  const mode = () => modeOf(Number(machine.hart.get('privilege')));
  const steps: RealStep[] = [];
  let begins = { pc: 0n, mode: '' };
  machine.observe({
    ranges: [{ address: 0n, sizeBytes: 2 ** 24, access: 'fetch' }],
    stopsAt: (pc) => {
      begins = { pc, mode: mode() };
      return false;
    },
  });
  for (;;) {
    const { icount } = timeline;
    // The inputs here: not those that the step itself reads.
    while (timeline.next && isInput(timeline.next) && timeline.next.icount === icount) timeline.run(0);
    const modeBefore = mode();
    timeline.run(1, () => timeline.icount > icount);
    if (timeline.icount === icount) return { steps, machine };
    steps.push({ modeBefore, ...begins, after: registersOf(machine) });
  }
}

/**
 * Follows a trace and requires that a model with no other information has, after each step, what the machine has.
 * @param memory whether RAM is compared too: not for guests whose devices or page tables write to it
 */
export function follow(source: TraceSource, events: readonly TraceEvent[], memory: boolean): void {
  const { description } = source;
  const boot = new Machine(description, new ReplayDoors());
  const known = registersOf(boot);
  const ram = boot.hart.ram.slice();
  const real = realSteps(source);
  let count = 0;
  for (const [index, event] of events.entries()) {
    if (event.kind === 'output' || event.kind === 'block') continue;
    const where = `${event.kind} at ${event.icount}`;
    const apply = ({ changes }: { changes: readonly { name: string; value: bigint }[] }) => {
      for (const { name, value } of changes) known.set(name, value);
    };
    if (event.kind === 'step') {
      const { modeBefore: _, after, ...begins } = real.steps[count]!;
      expect({ icount: event.icount, pc: event.pc, mode: event.mode }, where).toEqual({
        icount: count++,
        ...begins,
      });
      known.set('mcycle', (known.get('mcycle')! + 1n) & U64);
      if (!event.trapped) known.set('minstret', (known.get('minstret')! + 1n) & U64);
      apply(event);
      const exception = events[index + 1];
      if (event.trapped) {
        expect(exception, where).toMatchObject({
          kind: 'trap',
          isInterrupt: false,
          from: event.mode,
          epc: event.pc,
        });
        apply(exception as TrapEvent);
      }
      for (const access of event.accesses) store(ram, access);
      // An `expect` for each register would take most of the time.
      for (const [name, value] of after)
        if (known.get(name) !== value) expect(known.get(name), `${where}: ${name}`).toBe(value);
    } else if (event.kind === 'entry') {
      apply(event);
      if (event.entry.kind === 'control' && event.entry.action === 'reset') load(ram, description);
    } else if (event.isInterrupt) {
      apply(event);
      const { modeBefore, pc, mode } = real.steps[count]!;
      expect({ from: event.from, handler: event.handler, to: event.to }, where).toEqual({
        from: modeBefore,
        handler: pc,
        to: mode,
      });
    }
  }
  expect(count).toBe(real.steps.length);
  if (memory) expect(Buffer.compare(ram, real.machine.hart.ram), 'RAM').toBe(0);
}

function store(ram: Uint8Array, { access, address, sizeBytes, value }: MemoryAccess): void {
  const at = Number(address) - RAM_BASE;
  if (access === 'store') expect(value! >> BigInt(8 * sizeBytes), 'what does not fit').toBe(0n);
  if (access !== 'store' || at < 0 || at + sizeBytes > ram.length) return;
  for (let index = 0; index < sizeBytes; index++)
    ram[at + index] = Number((value! >> BigInt(8 * index)) & 255n);
}

function load(ram: Uint8Array, { segments }: MachineDescription): void {
  for (const { address, bytes, memorySizeBytes } of segments) {
    ram.fill(0, address - RAM_BASE, address - RAM_BASE + memorySizeBytes);
    ram.set(bytes, address - RAM_BASE);
  }
}
