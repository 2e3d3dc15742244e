/** The parts of the playground that need no browser: its tasks, its setups, and steps in time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OperatingError } from '../../src/base/errors.ts';
import { parseFault } from '../../src/sim/faults/fault-text.ts';
import { type Files, programFile } from '../../src/web/play/model/guests.ts';
import { offersFor } from '../../src/web/play/model/offered.ts';
import {
  commandOf,
  formFrom,
  formOf,
  isSame,
  movedTo,
  scenarioOf,
  setupOf,
} from '../../src/web/play/model/setup.ts';
import { eventNs, instructionNs, nearestEventNs } from '../../src/web/play/model/steps.ts';
import { TaskServer } from '../../src/web/play/worker/serve.ts';
import type { Answer, Workers } from '../../src/web/play/worker/tasks.ts';
import { icountAt, runOf } from '../../src/web/report/model/run.ts';
import { pageOfGuest } from './run.ts';

describe('the tasks of the worker', () => {
  /** Each task counts to its argument; the clock goes on by one step with each look at it. */
  async function served(requests: { task: 'run' | 'machines'; steps: number; afterTurns: number }[]) {
    const answers: Answer[] = [];
    let nowMs = 0;
    let turns = 0;
    const counting = function* (to: number) {
      for (let count = 0; count < to; count++) yield count;
      if (to === 13) throw new OperatingError('thirteen');
      return to;
    };
    const workers = { run: counting, machines: counting } as unknown as Workers;
    const waiting = [...requests.entries()];
    const server = new TaskServer(workers, {
      nowMs: () => nowMs++,
      turn: async () => {
        turns++;
        arrive();
      },
      send: (answer) => answers.push(answer),
    });
    const arrive = () => {
      while (waiting[0] && waiting[0][1].afterTurns <= turns) {
        const [id, { task, steps }] = waiting.shift()!;
        server.handle({ id, task, argument: steps } as never);
      }
    };
    while (waiting.length > 0) {
      turns++;
      arrive();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setImmediate(resolve));
    return answers.filter(({ kind }) => kind !== 'progress');
  }

  it('are answered once each; a newer one ends only older ones of its name, and the newest is never ended', async () => {
    const request = fc.record({
      task: fc.constantFrom('run' as const, 'machines' as const),
      steps: fc.integer({ min: 0, max: 100 }),
      afterTurns: fc.nat(6),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 8 }), async (given) => {
        const requests = given.toSorted((a, b) => a.afterTurns - b.afterTurns);
        const answers = await served(requests);
        expect(answers.map(({ id }) => id).sort()).toEqual(requests.map((_, id) => id).sort());
        for (const { id, kind, ...rest } of answers) {
          const { task, steps } = requests[id]!;
          const isNewest = requests.findLastIndex((one) => one.task === task) === id;
          if (isNewest) expect(kind).toBe(steps === 13 ? 'error' : 'result');
          if (kind === 'result') expect(rest).toEqual({ result: steps });
          if (kind === 'error') expect(rest).toEqual({ message: 'thirteen', expected: true });
        }
      }),
    );
  });
});

describe('steps in time', () => {
  const run = runOf(pageOfGuest('bank', {}, ['crash:primary@icount=100000']));
  const { endNs, events, hosts } = run.data;
  const time = fc.double({ min: 0, max: endNs, noNaN: true });

  it('go to an event, and back to where they were', () => {
    fc.assert(
      fc.property(fc.nat(events.length - 1), (index) => {
        const { atNs } = events[index]!;
        const next = eventNs(run, atNs, 1);
        if (next !== undefined) expect(eventNs(run, next, -1)! - atNs).toBeLessThan(1);
        expect(nearestEventNs(run, atNs + 0.2)).toBeCloseTo(atNs, 0);
      }),
    );
  });

  it('take one instruction, and take it back', () => {
    fc.assert(
      fc.property(time, fc.constantFrom(...hosts), (atNs, host) => {
        const icount = icountAt(run, host, atNs);
        const next = instructionNs(run, host, atNs, 1);
        if (icount === undefined || next === undefined) return;
        expect(icountAt(run, host, next)).toBe(icount + 1);
        const back = instructionNs(run, host, next, -1)!;
        expect(icountAt(run, host, back)).toBe(icount);
      }),
    );
  });
});

describe('a setup', () => {
  const text = (content: string) => new TextEncoder().encode(content);
  const files: Files = new Map([
    ['programs/bank.s', text('')],
    ['programs/kv/kv.elf', text('')],
    ['programs/kv/kv.guest.json', text('{ "devices": ["virtio-net-device"] }')],
    ['stories/one.story', text('# One.\n\nguest bank\nfault crash:primary@5ms\nsay Hello.\n')],
  ]);

  it('is a story as it stands, until something is changed', () => {
    const form = formFrom(files, 'story one');
    const story = setupOf(files, form);
    expect(commandOf(files, story)).toBe('vmft story one');
    const changed = setupOf(files, { ...form, faults: 'crash:primary@6ms', unsafe: ['log-clock'] });
    expect(scenarioOf(changed).says).toEqual([]);
    expect(commandOf(files, changed)).toBe(
      'vmft run bank --spares 0 --max-steps 50000000 --unsafe log-clock --fault crash:primary@6ms --memory 1M </dev/null',
    );
    expect(isSame(setupOf(files, formOf('story one', story)), story)).toBe(true);
  });

  it('of a server has clients', () => {
    expect(commandOf(files, setupOf(files, formFrom(files, 'program kv')))).toBe(
      'vmft run kv --clients 3 </dev/null',
    );
  });

  it('names what it has when something is missing', () => {
    expect(() => programFile(files, 'no')).toThrow('there is no program "no"; there are: bank, kv');
    expect(() => formFrom(files, 'story no')).toThrow('there is no story "no"; there are: one');
  });

  it('takes every fault that is offered, and any of them can be moved', () => {
    for (const part of [['primary'], ['storage'], ['primary', 'backup'], ['backup', 'switch']] as const)
      for (const { fault } of offersFor(part, 5_000_000)) {
        const moved = movedTo(parseFault(fault), 7_000_000);
        const form = { ...formFrom(files, 'program bank'), faults: fault };
        expect(scenarioOf(setupOf(files, form)).spec.faults).toEqual([parseFault(fault)]);
        expect(movedTo(moved, 5_000_000)).toEqual(parseFault(fault));
      }
  });
});
