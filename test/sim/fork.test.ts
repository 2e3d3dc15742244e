/** A recorded run is made again from its recording alone, and goes on from any moment with other faults or input. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameBytes } from '../../src/base/bytes.ts';
import { LogReader } from '../../src/replay/log-file.ts';
import { measure } from '../../src/sim/campaign/campaign.ts';
import { drawRun } from '../../src/sim/campaign/draw.ts';
import { type SimEvent, Simulation } from '../../src/sim/cluster/cluster.ts';
import { type Changes, forked } from '../../src/sim/cluster/fork.ts';
import { Retrace, type RunMoment } from '../../src/sim/cluster/retrace.ts';
import { RunRecorder, wholeRecording } from '../../src/sim/cluster/run-recorder.ts';
import { LIVE } from '../../src/sim/faults/faults.ts';
import type { TimedAction, UserAction } from '../../src/sim/spec/actions.ts';
import { type Origin, type RecordedRun, readRun } from '../../src/sim/spec/origin.ts';
import { type RunSpec, validated } from '../../src/sim/spec/spec.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { examples } from '../thorough.ts';
import { faults, ms } from './support.ts';

// An operator adds whole MiB of memory.
const description = { ...machineOf(chattyGuest), memorySizeBytes: 1 << 20 };
const bytes = (text: string) => new TextEncoder().encode(text);
const guest = measure({ description, input: bytes('a few words, then the end: q'), clients: 0 }, 'fork');

/** A file in memory. */
class File {
  constructor(public content: Uint8Array) {}
  append(bytes: Uint8Array): void {
    this.content = new Uint8Array(Buffer.concat([this.content, bytes]));
  }
  truncate(sizeBytes: number): void {
    this.content = this.content.slice(0, sizeBytes);
  }
  read(offset: number, sizeBytes: number): Uint8Array {
    return this.content.slice(offset, offset + sizeBytes);
  }
}

/** How a run is made. */
type How = Pick<Origin, 'input' | 'typeAfter' | 'attended'> & {
  spec: RunSpec;
  actions?: readonly TimedAction[];
};

interface Made {
  simulation: Simulation;
  events: SimEvent[];
  /** What the user did. */
  actions: TimedAction[];
  recording: Uint8Array;
}

/** Makes a run and records it. `drive` takes it to its end; by default without a user. */
function make(
  how: How,
  drive: (simulation: Simulation) => void = (simulation) => void simulation.run(),
): Made {
  const { typeAfter, actions, ...rest } = how;
  const events: SimEvent[] = [];
  const performed: TimedAction[] = [];
  const simulation: Simulation = new Simulation({
    ...rest,
    description,
    ...(typeAfter !== undefined && { typeAfter }),
    ...(actions && { actions }),
    print: () => {},
    onEvent: (event) => events.push(event),
    onAction: (action) => {
      performed.push(action);
      recorder.note(action);
    },
  });
  let file!: File;
  const origin = { ...how, typeAfter, version: '0', diskFiles: [], diskChecksum: 0 };
  const recorder = new RunRecorder(simulation, origin, (head) => {
    file = new File(head);
    return file;
  });
  drive(simulation);
  recorder.end();
  return { simulation, events, actions: performed, recording: file.content };
}

const read = (content: Uint8Array): RecordedRun => readRun(new LogReader(content, 'x.log'), 'x.log');

/** The fork of a recorded run at a moment, as it is made. */
function forkOf(
  content: Uint8Array,
  moment: RunMoment,
  changes: Partial<Changes> = {},
): { how: How; atNs: number; icount: number } {
  const run = read(content);
  const { faults: added = [] } = changes;
  const retrace = new Retrace(run, moment, 'x.log', { description, added, evidence: undefined });
  while (retrace.advance(100));
  const { atNs, icount } = retrace;
  const { input, typeAfter, attended } = run.origin;
  const made = forked(run, retrace, { faults: added, dropFaults: false, ...changes });
  return { how: { input, typeAfter, attended, ...made }, atNs: atNs!, icount };
}

const before = ({ events }: Made, atNs: number): SimEvent[] => events.filter((event) => event.atNs < atNs);
const entries = ({ recording }: Made) => [...new LogReader(recording, 'x.log')];

/** Steps of a user: how many events pass before each. */
const userSteps = fc.array(
  fc.record({
    events: fc.nat(400),
    action: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('a', 'bc', 'word ').map((text) => ({ type: text })) },
      fc.constantFrom('crash' as const, 'close' as const, 'quit' as const),
    ),
  }),
  { maxLength: 12 },
);
type UserStep = ReturnType<typeof userSteps.generate>['value'] extends (infer S)[] ? S : never;

/** A user who types, crashes hosts, and ends the guest in the end, unless he has left. */
function driven(steps: readonly UserStep[]): (simulation: Simulation) => void {
  const actionOf = (step: UserStep['action'], nowNs: number): UserAction => {
    if (typeof step !== 'string') return { kind: 'type', data: bytes(step.type) };
    if (step !== 'crash') return { kind: step };
    const when = { at: 'time', ns: Math.ceil(nowNs) } as const;
    return { kind: 'fault', fault: { kind: 'crash', who: LIVE, when, forNs: ms(1) } };
  };
  return (simulation) => {
    for (const { events, action } of steps) {
      for (let i = 0; i < events && !simulation.stalled; i++) if (!simulation.advance(1)) return;
      if (!simulation.act(actionOf(action, simulation.nowNs))) return;
    }
    if (!simulation.act({ kind: 'type', data: bytes('q') })) return;
    if (!simulation.act({ kind: 'close' })) return;
    simulation.run();
  };
}

/** A spec as a campaign draws it. */
const specs = fc
  .nat(100_000)
  .map((seed): RunSpec => ({ ...drawRun(guest, `fork/${seed}`), maxSteps: 200_000 }));
/** Recorded runs: with prepared input, or with a user. */
const runs: fc.Arbitrary<Made> = fc.oneof(
  fc
    .record({ spec: specs, typeAfter: fc.constantFrom(undefined, undefined, 'h') })
    .map((own) => make({ ...own, input: guest.input, attended: false })),
  fc
    .record({ spec: specs, steps: userSteps })
    .map(({ spec, steps }) =>
      make({ spec, input: new Uint8Array(0), typeAfter: undefined, attended: true }, driven(steps)),
    ),
);
/** A part of a run. */
const share = fc.nat(1000).map((part) => part / 1000);
const momentAt = ({ simulation }: Made, part: number, kind: 'icount' | 'atNs'): RunMoment =>
  kind === 'icount'
    ? { icount: Math.floor(simulation.machine.icount * part) }
    : { atNs: Math.floor(simulation.nowNs * part) };
const momentKinds = fc.constantFrom('icount' as const, 'atNs' as const);

test('a fork without a change is the recorded run, to the last byte of its recording', () => {
  fc.assert(
    fc.property(runs, share, momentKinds, (original, part, kind) => {
      const { how } = forkOf(original.recording, momentAt(original, part, kind));
      const again = make(how);
      expect(again.actions).toEqual(original.actions);
      expect(again.events).toEqual(original.events);
      expect(again.simulation.transcript).toEqual(original.simulation.transcript);
      expect(again.simulation.machine.hash()).toBe(original.simulation.machine.hash());
      expect(sameBytes(again.recording, original.recording)).toBe(true);
    }),
    { numRuns: examples(40) },
  );
});

test('a run can be forked at its last moment, where it is over before other events of the same time', () => {
  fc.assert(
    fc.property(runs, momentKinds, (original, kind) => {
      const { how } = forkOf(original.recording, momentAt(original, 1, kind));
      expect(sameBytes(make(how).recording, original.recording)).toBe(true);
    }),
    { numRuns: examples(80) },
  );
});

test('a fault at the very time of a fork is not before it', () => {
  fc.assert(
    fc.property(runs, share, (original, part) => {
      const moment = momentAt(original, part, 'atNs');
      const added = faults(`crash:live@${'atNs' in moment ? moment.atNs : 0}ns`);
      const { how, atNs } = forkOf(original.recording, moment, { faults: added });
      expect(before(make(how), atNs)).toEqual(before(original, atNs));
    }),
    { numRuns: examples(40) },
  );
});

test('a fork is the recorded run before it, whatever comes after; and can be forked like any run', () => {
  const changes = fc.record({
    later: fc.nat(ms(20)),
    at: fc.constantFrom('time' as const, 'icount' as const, 'output' as const),
    typed: fc.option(fc.constantFrom('', 'x', 'other words q'), { nil: undefined }),
    dropFaults: fc.boolean(),
  });
  fc.assert(
    fc.property(
      runs,
      share,
      momentKinds,
      changes,
      (original, part, kind, { later, at, typed, dropFaults }) => {
        const moment = momentAt(original, part, kind);
        const start = forkOf(original.recording, moment);
        const when = {
          time: `${start.atNs + later}ns`,
          icount: `icount=${start.icount + 1 + (later % 5000)}`,
          output: `output=${original.simulation.machine.outputsMade + 1}`,
        }[at];
        const added = faults(`crash:live@${when}`);
        const input = typed === undefined ? undefined : bytes(typed);
        let fork: ReturnType<typeof forkOf>;
        try {
          fork = forkOf(original.recording, moment, { faults: added, input, dropFaults });
        } catch (error) {
          // A host that is live in between may be further than the one of the recording.
          if (at === 'time' || !/is before the fork/.test(String(error))) throw error;
          return;
        }
        const untilNs = Math.max(fork.atNs, original.simulation.nowNs) + later / 10;
        const made = make(fork.how, (simulation) => {
          while (simulation.nowNs < untilNs && !simulation.stalled) if (!simulation.advance(1)) return;
          simulation.act({ kind: 'quit' });
        });
        expect(fork.atNs).toBe(start.atNs);
        expect(before(made, fork.atNs)).toEqual(before(original, fork.atNs));
        const first = made.actions.filter(({ atNs }) => atNs < fork.atNs);
        expect(first).toEqual(original.actions.filter(({ atNs }) => atNs < fork.atNs));
        // A failover after the fork may go back before it.
        if (
          kind === 'icount' &&
          !made.simulation.failovers.some(({ liveIcount }) => liveIcount < fork.icount)
        ) {
          const past = ({ icount }: { icount: number }) => icount < fork.icount;
          const [one, other] = [original, made].map((run) => entries(run).filter(past));
          expect(other).toEqual(one);
        }
        const again = forkOf(made.recording, momentAt(made, part, kind));
        expect(sameBytes(make(again.how).recording, made.recording)).toBe(true);
      },
    ),
    { numRuns: examples(40) },
  );
});

describe('a recording that was cut short', () => {
  const original = make({
    spec: validated({ faults: faults('crash:primary@icount=900', 'pause:backup@t=1500us+1ms') }),
    input: guest.input,
    typeAfter: undefined,
    attended: false,
  });
  const ends = new LogReader(original.recording, 'x.log').origin!.length;

  test('can be forked up to its last entry, and goes on from there', () => {
    const lengths = fc.integer({
      min: ends + description.segments[0]!.bytes.length + 200,
      max: original.recording.length,
    });
    fc.assert(
      fc.property(lengths, (length) => {
        const { icount } = read(original.recording.subarray(0, length));
        const fork = forkOf(original.recording.subarray(0, length), { icount });
        const made = make(fork.how);
        expect(made.events).toEqual(original.events);
        expect(() => forkOf(original.recording.subarray(0, length), { atNs: ms(10_000) })).toThrow(
          /^x\.log ends before/,
        );
      }),
      { numRuns: examples(40) },
    );
  });
});

describe('what can not be forked is refused', () => {
  const how = { input: guest.input, typeAfter: undefined, attended: false } as const;
  const spec = validated({ seed: 'one', faults: faults('crash:primary@icount=2000') });
  const original = make({ ...how, spec });
  const at = (icount: number, added: string) => () =>
    forkOf(original.recording, { icount }, { faults: faults(added) });

  test('a fault before the fork', () => {
    expect(at(1500, 'crash:primary@icount=1000')).toThrow(/^crash:primary@icount=1000 is before the fork/);
    expect(at(1500, 'pause:backup@entry=1+1ms')).toThrow(/is before the fork/);
    expect(at(1500, 'crash:primary@icount=1500')).not.toThrow();
    expect(at(1500, 'flip:backup@icount=1501=0.1')).not.toThrow();
  });

  test('a recording of another run: as soon as a mark shows it, or where the runs end', () => {
    const origin = (seed: string) => ({
      ...how,
      spec: { ...spec, seed },
      version: '0.0.9',
      diskFiles: [],
      diskChecksum: 0,
    });
    const simulation = original.simulation;
    const forged = (seed: string) =>
      new Uint8Array(Buffer.concat([...wholeRecording(simulation, origin(seed), [])]));
    const { icount } = forkOf(forged('one'), { icount: 1500 });
    expect(icount).toBe(1500);
    expect(() => forkOf(forged('two'), { icount: 1500 })).toThrow(
      /^x\.log: the run is another one when it is made again: entry \d+ is ".*" now, and ".*" in the recording; vmft 0\.0\.9 has/,
    );
  });
});
