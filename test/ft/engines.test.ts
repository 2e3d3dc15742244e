/** Replicas of one VM on different execution engines, in one process. */
import { expect, test } from 'vitest';
import { EAGER } from '../../src/cpu/translator/translator.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import { chattyGuest, machineOf } from './guest.ts';
import { alphabet, Group } from './hosts.ts';
import { recordRun } from './world.ts';

const interpreter = { engine: 'interpreter' } as const;
const translator = { engine: 'translator', heat: EAGER } as const;
const check = { engine: 'check', heat: EAGER } as const;

test('a VM whose hosts use different engines stays in lockstep, through a failover and a copy', () => {
  const own = {
    primary: { execution: interpreter },
    backup: { execution: translator },
    spare: { execution: check },
  };
  const group = new Group(1, 1, { source: alphabet }, own);
  const machine = (name: string) => group.replica(name).vmm!.machine;
  const same = (one: string, other: string) => {
    group.drain();
    expect([machine(other).icount, machine(other).hash(true)]).toEqual([
      machine(one).icount,
      machine(one).hash(true),
    ]);
  };
  group.work(5);
  same('primary', 'backup');
  group.cut.add('primary');
  for (let round = 0; round < 30; round++) {
    group.beat(2);
    group.work(1);
  }
  expect(group.replica('backup').role).toBe('primary');
  expect(group.notes('spare')).toContain('installed');
  group.work(5);
  same('backup', 'spare');
  expect(['primary', 'backup', 'spare'].map((name) => machine(name).execution)).toEqual([
    interpreter,
    translator,
    check,
  ]);
  expect(group.printed).toMatch(/^abcdefgh/);
});

test('every engine replays a log to the same states, and a clone keeps the engine of its original', () => {
  const description = machineOf(chattyGuest);
  const { entries, icount, hash } = recordRun(description, 'engines', 'some words, then the end: q');
  for (const execution of [interpreter, translator, check]) {
    const timeline = new Timeline(description, entries, { execution }).seek(Math.floor(icount / 2), 'after');
    const clone = timeline.clone();
    expect(clone.machine.execution).toBe(execution);
    for (const one of [clone, timeline]) {
      one.seek(icount, 'after');
      expect([execution.engine, one.machine.hash(true)]).toEqual([execution.engine, hash]);
    }
    timeline.seek(0, 'before');
    expect(timeline.machine.execution).toBe(execution);
  }
});
