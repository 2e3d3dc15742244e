/** "Find a counterexample" without its page: the same as `vmft chaos` finds, as a story; progress, cancelling, errors. */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownInput, readGuest } from '../../src/cli/program.ts';
import { execute, measure, type ServedGuest } from '../../src/sim/campaign/campaign.ts';
import { runsOf } from '../../src/sim/campaign/draw.ts';
import { faultText } from '../../src/sim/faults/fault-text.ts';
import { storyText } from '../../src/sim/story/story-text.ts';
import { memoryDefaults } from '../../src/sim/values/limits.ts';
import { type SearchProgress, type SearchRequest, searchArguments } from '../../src/web/search/request.ts';
import { search } from '../../src/web/search/search.ts';
import { type Searcher, type SearchPhase, SearchState } from '../../src/web/search/search-state.ts';
import { program, workplace } from '../cli/command.ts';

const { vmft, file } = workplace();

function guestOf(name: string, path = program(`${name}.s`)): ServedGuest {
  const { description } = readGuest(path, { memory: memoryDefaults.campaign });
  return { description, input: ownInput(path), clients: 0 };
}

const request = (guest: string, given: Partial<SearchRequest> = {}): SearchRequest => ({
  ...{ guest, clients: 0, unsafe: [], seed: '1', runs: 3 },
  ...given,
});

/** All that a search yields, and last what it returns. */
function statesOf(given: SearchRequest): SearchProgress[] {
  const states: SearchProgress[] = [];
  const steps = search(given, guestOf(given.guest));
  for (let step = steps.next(); ; step = steps.next()) {
    states.push(step.value);
    if (step.done) return states;
  }
}

describe('a search', () => {
  it.each([
    request('hello', { unsafe: ['test-and-set'], seed: '479', runs: 20 }),
    request('hello', { unsafe: ['output-rule'], seed: "it's", runs: 5 }),
    request('hello', { runs: 4 }),
  ])('finds what vmft chaos finds: $guest, $unsafe', async (given) => {
    const { code, stdout } = await vmft([...searchArguments(given), '--json']);
    const { counterexample, runs, outcomes } = JSON.parse(stdout);
    const states = statesOf(given);
    const last = states.at(-1)!;
    for (const { found } of states) if (found) expect(storyText(found.story)).toMatch(/^expect violation /m);
    expect({ violations: outcomes.violated }).toEqual({ violations: last.violations });
    expect(code).toBe(counterexample ? 3 : 0);
    if (!counterexample) {
      expect(last).toEqual({ runs, violations: 0 });
      return;
    }
    const { number, tried, findings, story } = last.found!;
    expect({ foundInRun: number, tried, findings }).toEqual({
      foundInRun: counterexample.foundInRun,
      tried: counterexample.tried,
      findings: counterexample.findings,
    });
    expect(story.spec).toMatchObject({ seed: counterexample.seed });
    expect(story.spec.faults!.map(faultText)).toEqual(counterexample.faults);
    // Its story is played with the same violation: what it expects is met.
    writeFileSync(file('found.story'), storyText(story));
    const played = await vmft(['story', 'found.story']);
    expect(played).toMatchObject({ code: 0 });
    for (const { invariant } of findings) expect(played.stdout).toContain(invariant);
  });

  it('executes the runs in their order up to the first violation, one in each step', () => {
    const guest = guestOf('hello');
    const rules = fc.constantFrom([], ['test-and-set']) as fc.Arbitrary<SearchRequest['unsafe']>;
    fc.assert(
      fc.property(fc.nat(1000).map(String), rules, (seed, unsafe) => {
        const given = request('hello', { seed, unsafe, runs: 4 });
        const states = statesOf(given);
        const runOf = runsOf({
          guest: { ...guest, ...measure(guest, seed) },
          seed,
          runs: 4,
          options: { unsafe },
        });
        const results = Array.from({ length: 4 }, (_, number) => execute(guest, runOf(number)));
        const first = results.findIndex(({ ending }) => ending === 'violated');
        const runs = first < 0 ? 4 : first + 1;
        const searched = states.filter(({ found }) => !found || found.tried === 0);
        expect(searched.slice(0, runs + 1).map((state) => state.runs)).toEqual(
          Array.from({ length: runs + 1 }, (_, index) => index),
        );
        expect(states.at(-1)!.found?.number).toBe(first < 0 ? undefined : first);
        const tried = states.flatMap(({ found }) => found?.tried ?? []).slice(0, -1);
        expect(tried).toEqual(tried.map((_, index) => index));
        expect(states.at(-1)).toEqual(states.at(-2));
        for (const { found } of states) if (found) storyText(found.story);
      }),
      { numRuns: 8 },
    );
  });

  it('says that a guest does not terminate', () => {
    writeFileSync(file('endless.s'), '1: j 1b\n');
    const steps = search(request('endless'), guestOf('endless', file('endless.s')));
    expect(() => steps.next()).toThrow(
      /^endless does not terminate within 20000000 steps, even without faults/,
    );
  });
});

describe('the state of a search', () => {
  const programs = [
    { name: 'hello', clients: 0 },
    { name: 'kv', clients: 3 },
    { name: 'bank', clients: 0 },
  ];
  /** Runs a search in the turns between which others may do something: `during` is called in each. */
  const inTurns =
    (during: (state: SearchProgress) => void): Searcher =>
    async (given, progress, signal) => {
      const steps = search(given, guestOf(given.guest));
      for (let step = steps.next(); ; step = steps.next()) {
        progress(step.value);
        during(step.value);
        await undefined;
        if (step.done || signal.aborted) return step.value;
      }
    };
  const stateOf = (phase: SearchPhase) => ('state' in phase ? phase.state : undefined);

  it('is as far as the last run, to its end', async () => {
    let now = 0;
    const kinds: string[] = [];
    const searcher = inTurns((state) => {
      now += 250;
      expect(stateOf(one.phase.value)).toEqual(state);
      kinds.push(one.phase.value.kind);
    });
    const one: SearchState = new SearchState(programs, searcher, () => now);
    one.set({ rule: '', program: 'hello', runs: '3' });
    expect(one.phase.value).toEqual({ kind: 'idle' });
    await one.start();
    // Before the first run, after each, and the result.
    expect(kinds).toEqual(Array(5).fill('running'));
    expect(one.phase.value).toMatchObject({
      kind: 'ended',
      state: { runs: 3, violations: 0 },
      seconds: 1.25,
    });
  });

  it.each(['in the search', 'while it shrinks'] as const)('is cancelled between runs %s', async (when) => {
    let turns = 0;
    const searcher = inTurns(({ runs, found }) => {
      turns++;
      if (when === 'in the search' ? runs === 2 : found?.tried === 2) one.cancel();
    });
    const one: SearchState = new SearchState(programs, searcher);
    one.set({ rule: when === 'in the search' ? '' : 'output-rule', runs: '1000' });
    one.set({ program: 'hello' });
    await one.start();
    const { kind } = one.phase.value;
    const state = stateOf(one.phase.value)!;
    expect({ kind, turns }).toEqual({ kind: 'cancelled', turns: when === 'in the search' ? 3 : 4 });
    expect(state.found?.tried).toBe(when === 'in the search' ? undefined : 2);
    // It can be started again, from the beginning.
    one.set({ rule: '', program: 'hello', runs: '1' });
    await one.start();
    expect(one.phase.value).toMatchObject({ kind: 'ended', state: { runs: 1 } });
  });

  it('is that of the newest search, also when an older one answers or fails later', async () => {
    const answers: { resolve: (state: SearchProgress) => void; reject: (error: Error) => void }[] = [];
    const one = new SearchState(
      programs,
      () => new Promise((resolve, reject) => answers.push({ resolve, reject })),
    );
    const all = [one.start(), one.start(), one.start()];
    answers[2]!.resolve({ runs: 7, violations: 0 });
    await all[2];
    answers[0]!.resolve({ runs: 1, violations: 0 });
    answers[1]!.reject(new Error('ended'));
    await Promise.all(all);
    expect(one.phase.value).toMatchObject({ kind: 'ended', state: { runs: 7 } });
    const failing = one.start();
    answers[3]!.reject(new Error('the worker has ended'));
    await failing;
    expect(one.phase.value).toEqual({ kind: 'failed', message: 'the worker has ended' });
  });

  it('asks for what the form says; a rule brings the program that needs it', () => {
    const one = new SearchState(programs, () => Promise.reject());
    one.set({ rule: 'fencing', runs: '20' });
    expect(one.request).toEqual(request('kv', { clients: 3, unsafe: ['fencing'], runs: 20 }));
    // There is no dice here.
    one.set({ rule: 'log-entropy' });
    expect(one.request).toMatchObject({ guest: 'kv', unsafe: ['log-entropy'] });
    one.set({ rule: '', program: 'hello', seed: 'a b' });
    expect(searchArguments(one.request!)).toEqual(['chaos', 'hello', '--seed', 'a b', '--runs', '20']);
    for (const runs of ['', '0', '-1', '1.5', '1e3', 'many', '1000001']) {
      one.set({ runs });
      expect(one.request).toBeUndefined();
    }
  });
});
