/** Who goes live when hosts suspect each other, whatever happens to their requests to storage and to the answers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { UnsafeRule } from '../../src/ft/rules.ts';
import { examples } from '../thorough.ts';
import { alphabet, Group, MS } from './hosts.ts';

const names = ['primary', 'backup', 'backup2'];

type Step =
  /** A host has heard nothing from its peers for the suspicion timeout. */
  | { do: 'suspect'; host: string }
  /** A host is told that the process of another one has ended, which may be wrong. */
  | { do: 'closed'; host: string; peer: string }
  /** A host asks storage again. */
  | { do: 'ask again'; host: string }
  /** One request or answer arrives, or arrives and will arrive again, or is lost. */
  | { do: 'arrive' | 'arrive twice' | 'lose'; index: number }
  /** A host is cut off from everything, or connected again. */
  | { do: 'cut' | 'connect'; host: string }
  | { do: 'heartbeat'; host: string }
  /** The live guests run, and the others replay what they hold. */
  | { do: 'work' };

const host = fc.constantFrom(...names);
const at = (...kinds: Extract<Step, { host: string; peer?: never }>['do'][]) =>
  fc.record({ do: fc.constantFrom(...kinds), host }) as fc.Arbitrary<Step>;
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: at('suspect') },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('closed' as const), host, peer: host }) },
    { weight: 2, arbitrary: at('ask again', 'cut', 'connect', 'heartbeat') },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constantFrom('arrive' as const, 'arrive' as const, 'arrive twice' as const, 'lose' as const),
        index: fc.nat(20),
      }),
    },
    { weight: 3, arbitrary: fc.constant({ do: 'work' as const }) },
  ),
  { minLength: 20, maxLength: 80 },
);

function take(group: Group, step: Step): void {
  const underWay = group.underWay!;
  switch (step.do) {
    case 'suspect':
      group.wait(11 * MS);
      return group.timer(step.host, 'suspect');
    case 'closed':
      return group.do(step.host, { kind: 'closed', peer: step.peer });
    case 'ask again':
      return group.timer(step.host, 'claim');
    case 'heartbeat':
      return group.timer(step.host, 'heartbeat');
    case 'cut':
      return void group.cut.add(step.host);
    case 'connect':
      return void group.cut.delete(step.host);
    case 'work':
      return group.work(1);
    default: {
      if (underWay.length === 0) return;
      const index = step.index % underWay.length;
      const arrive = underWay[index]!;
      if (step.do !== 'arrive twice') underWay.splice(index, 1);
      if (step.do !== 'lose') arrive();
    }
  }
}

/** Each generation in which a host has gone live, with that host. */
const livesOf = ({ performed }: Group): { generation: number; by: string }[] =>
  performed.flatMap(({ by, effect }) =>
    effect.do === 'note' && effect.event.kind === 'live' ? [{ generation: effect.event.generation, by }] : [],
  );
const liveIn = (group: Group): string[] => names.filter((name) => group.replica(name).role === 'primary');
/** Whether two hosts have claimed the same generation. */
function hasRivals({ performed }: Group): boolean {
  const first = new Map<number, string>();
  return performed.some(({ by, effect }) => {
    if (effect.do !== 'claim') return false;
    const { generation } = effect;
    if (!first.has(generation)) first.set(generation, by);
    return first.get(generation) !== by;
  });
}

/** What must hold at any time. */
function check(group: Group): void {
  const lives = livesOf(group);
  const generations = lives.map(({ generation }) => generation);
  expect(generations, 'at most one host goes live in a generation').toEqual([...new Set(generations)]);
  const now = liveIn(group).map((name) => ({ generation: group.replica(name).generation, by: name }));
  for (const { generation, by } of [...lives, ...now])
    expect(group.storage.get(generation)?.primary, `live in generation ${generation}`).toBe(by);
  expect(group.printed, 'every letter is printed once, in order').toBe(letters(group.printed.length));
}
const letters = (count: number): string =>
  Array.from({ length: count }, (_, index) => String.fromCharCode(97 + (index % 26))).join('');

/** Plays a schedule; what must hold at any time is checked after each step. */
function play(list: readonly Step[], unsafe: readonly UnsafeRule[] = []): Group {
  const group = new Group(2, 0, { source: alphabet, unsafe: new Set(unsafe) });
  group.work(3);
  group.underWay = [];
  for (const step of list) {
    take(group, step);
    check(group);
  }
  return group;
}

test('two members of a record never both go live, whatever storage does, and one is live in the end', () => {
  // Runs in which two hosts have claimed the same generation, and how often one went live.
  const seen = { rivals: 0, lives: 0 };
  fc.assert(
    fc.property(steps, (list) => {
      const group = play(list);
      if (hasRivals(group)) seen.rivals++;
      seen.lives += livesOf(group).length;
      // Everything works again; what was lost is asked again.
      group.cut.clear();
      for (const arrive of group.underWay!.splice(0)) arrive();
      group.underWay = undefined;
      for (let round = 0; round < 10; round++) {
        group.beat(2);
        group.work(1);
        check(group);
      }
      const newest = group.storage.get(group.storage.size)!;
      expect(liveIn(group)).toEqual([newest.primary]);
      const { length } = group.printed;
      group.work(3);
      expect(group.printed.length).toBeGreaterThan(length);
    }),
    { numRuns: examples(200) },
  );
  expect(seen.rivals).toBeGreaterThan(10);
  expect(seen.lives).toBeGreaterThan(10);
});

test('without the rule test-and-set two members of a record do', () => {
  const schedules = fc.property(steps, (list) => void play(list, ['test-and-set']));
  expect(fc.check(schedules, { numRuns: 100 }).failed).toBe(true);
});
