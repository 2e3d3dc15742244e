/** The exported library, compared with the commands and with the modules inside. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import type { Violation as InnerViolation } from '../../src/check/checkers.ts';
import type { Outcome as InnerOutcome } from '../../src/check/evidence.ts';
import type { Engine as InnerEngine } from '../../src/cpu/engine.ts';
import {
  AssemblyError,
  diff,
  type Engine,
  type EventContent,
  type Guest,
  judge,
  type LogEntry,
  loadGuest,
  OperatingError,
  type Outcome,
  programNames,
  type Run,
  type RunEvent,
  type RunSpec,
  record,
  replay,
  run,
  type Violation,
} from '../../src/lib/index.ts';
import type { SimEvent } from '../../src/sim/cluster/cluster.ts';
import type { RunSpec as InnerSpec } from '../../src/sim/spec/spec.ts';
import type { EntryKind } from '../../src/vmm/entries.ts';
import { program, workplace } from '../cli/command.ts';

const { file, vmft } = workplace();
const CRASH = 'crash:primary@icount=100000';

let bank: Guest;
let crashed: Run;
beforeAll(() => {
  bank = loadGuest('bank');
  crashed = run(bank, { faults: [CRASH] });
});

/** Runs `before`, then stores 0x5555 to the test finisher. */
const ending = (before: string) => `_start: ${before}\n li t0, 0x100000\n li t1, 0x5555\n sw t1, (t0)\nj .`;

describe('a run', () => {
  const bundled = programNames().filter((name) => name !== 'debian');

  test.each(bundled)('of %s has the same results as the command', async (name) => {
    const clients = name === 'kv' ? 2 : 0;
    const options = { seed: '7', clients, faults: ['crash:primary@t=5ms'] };
    const ours = run(loadGuest(name), options);
    const { stdout } = await vmft([
      'run',
      name,
      '--seed',
      '7',
      '--clients',
      `${clients}`,
      '--crash',
      'primary@t=5ms',
      '--json',
    ]);
    const theirs = JSON.parse(stdout);
    expect({
      console: ours.consoleText,
      outcome: ours.outcome,
      exitCode: ours.exitCode ?? null,
      steps: ours.steps,
      stateHash: ours.machine.stateHash,
      virtualMs: ours.virtualNs / 1e6,
      failovers: ours.failovers,
      entries: ours.log.entries,
    }).toEqual({
      console: theirs.console,
      outcome: theirs.outcome,
      exitCode: theirs.exitCode,
      steps: theirs.steps,
      stateHash: theirs.stateHash,
      virtualMs: theirs.virtualMs,
      failovers: theirs.failovers,
      entries: theirs.log.entries,
    });
    expect(judge(ours)).toEqual([]);
  });

  test('does not affect other runs', () => {
    const facts = (one: Run) => [one.consoleText, one.machine.stateHash, one.events, one.recording()];
    const before = facts(crashed);
    run(bank, { faults: [CRASH], seed: '2', unsafe: ['log-clock'] });
    run(loadGuest('dice'), { backups: 0, engine: 'interpreter' });
    expect(facts(run(bank, { faults: [CRASH] }))).toEqual(before);
    expect(facts(crashed)).toEqual(before);
  });

  test('in a callback of another run has the same result', () => {
    let inner: Run | undefined;
    const outer = run(bank, {
      faults: [CRASH],
      onEvent: ({ kind }) => {
        if (kind === 'live') inner = run(bank, { faults: [CRASH] });
      },
    });
    for (const one of [outer, inner!]) expect(one.machine.stateHash).toBe(crashed.machine.stateHash);
  });

  test('calls onEvent while it runs, and keeps the events', () => {
    const seen: RunEvent[] = [];
    const printed: Uint8Array[] = [];
    const one = run(bank, {
      faults: [CRASH],
      onEvent: (event) => seen.push(event),
      onConsole: (bytes) => printed.push(bytes),
    });
    expect(one.events).toEqual(seen);
    expect(Buffer.concat(printed).toString()).toBe(one.consoleText);
    const live = seen.find((event) => event.kind === 'live');
    expect(live).toEqual({
      kind: 'live',
      host: 'backup',
      from: 'primary',
      icount: 100_000,
      generation: 2,
      pending: 34,
      atNs: 44_694_980,
      text: 'goes live at icount 100000; re-releases 34 outputs that may have been delivered',
    });
    expect(one.diagram()).toContain('primary');
    const quiet = run(bank, { faults: [CRASH], keepEvents: false });
    expect([quiet.events, quiet.diagram(), quiet.consoleText]).toEqual([[], '', one.consoleText]);
  });

  test('reports the eviction of a host that resumes too late', () => {
    const { events } = run(bank, { faults: ['pause:primary@t=9ms+30ms'] });
    expect(events.find(({ kind }) => kind === 'evicted')).toMatchObject({
      host: 'primary',
      primary: 'backup',
      generation: 2,
    });
  });

  test('ends with an error that a callback throws', () => {
    const enough = () => {
      throw new Error('enough');
    };
    expect(() => run(bank, { onEvent: enough })).toThrow('enough');
    expect(() => run(bank, { onConsole: enough })).toThrow('enough');
  });

  test('has the outcome of each fault', () => {
    const { faults, spec } = run(bank, { faults: [CRASH, 'crash:backup@icount=900000000'] });
    expect(faults).toEqual([
      { fault: CRASH, injected: { atNs: 34_442_644, host: 'primary', icount: 100_000 } },
      { fault: 'crash:backup@icount=900000000', notTriggered: expect.stringContaining('did not reach it') },
    ]);
    expect(spec).toMatchObject({
      seed: '1',
      backups: 1,
      spares: 1,
      faults: faults.map(({ fault }) => fault),
    });
  });

  test('types its input, after the text that it waits for', () => {
    const typed = run(bank, { input: 'open me\nquit\n', typeAfter: 'the bank is open' });
    expect(typed.consoleText).toContain('open me: me 0');
    const none = run(bank, { input: '' });
    expect([none.outcome, none.exitCode]).toEqual(['limit', undefined]);
  });

  test('keeps evidence up to its limit, and reports what is incomplete', () => {
    const before = 'li t3, 30000\nli t4, 0x10000000\n1: rdtime a0\nsb a0, (t4)\naddi t3, t3, -1\nbnez t3, 1b';
    const talker = loadGuest({ source: ending(before) }, { memoryBytes: 1 << 20 });
    const whole = run(talker);
    const one = run(talker, { evidenceBytes: 0 });
    expect(() => one.console).toThrow(
      /^the console output was not kept in full: give it more evidenceBytes, or limit the run with maxSteps$/,
    );
    expect(() => one.recording()).toThrow(/^the log of inputs was not kept in full/);
    expect(() => judge(one)).toThrow(OperatingError);
    expect([one.machine.stateHash, whole.console.length]).toEqual([whole.machine.stateHash, 30_000]);
    // A recording needs a kept history only at a failover, where another machine goes on.
    const faults = ['crash:primary@icount=100000'];
    expect(record(talker, file('alone.log'), { evidenceBytes: 0 }).steps).toBe(whole.steps);
    expect(replay(file('alone.log')).run().machine.stateHash).toBe(whole.machine.stateHash);
    expect(() => record(talker, file('half.log'), { evidenceBytes: 0, faults })).toThrow(
      /^the log of inputs was not kept in full/,
    );
    expect(replay(file('half.log')).run().damage).toMatch(/cut short/);
  });

  test('with a rule switched off has violations', () => {
    const one = run(bank, { faults: [CRASH], unsafe: ['output-rule'] });
    const found = judge(one);
    expect(found.map(({ invariant }) => invariant)).toContain('output-rule');
  });

  test.each([
    [{ backups: 9 }, /^backups 9/],
    [{ faults: ['crash:nobody@t=1ms'] }, /nobody/],
    [{ faults: ['meteor:primary'] }, /meteor/],
    [{ engine: 'steam' }, /^engine steam: it must be one of interpreter, translator, check/],
    [{ typeAfter: '' }, /^typeAfter/],
    [{ evidenceBytes: -1 }, /^evidenceBytes -1: it must be a whole number of bytes$/],
    [{ evidenceBytes: Number.NaN }, /^evidenceBytes NaN/],
    [{ backup: 2 }, /"backup"/],
  ])('with invalid options is refused: %j', (options, message) => {
    const attempt = () => run(bank, options as object);
    expect(attempt).toThrow(OperatingError);
    expect(attempt).toThrow(message);
  });
});

describe('a guest', () => {
  test('is the same from a path, from text and from bytes', async () => {
    await vmft(['asm', 'hello', '-o', file('hello.bin')]);
    const source = readFileSync(program('hello.s'), 'utf8');
    const guests = [
      loadGuest('hello'),
      loadGuest(program('hello.s')),
      loadGuest({ source }),
      loadGuest({ image: readFileSync(file('hello.bin')), name: 'hello' }),
      loadGuest(file('hello.bin')),
    ];
    const hashes = guests.map((guest) => run(guest, { backups: 0 }).machine.stateHash);
    expect(new Set(hashes).size).toBe(1);
    expect(guests.map(({ name }) => name)).toEqual(['hello.s', 'hello.s', 'guest.s', 'hello', 'hello.bin']);
  });

  test('does not change with the bytes or the file that it was loaded from', () => {
    const image = Uint8Array.from(readFileSync(file('hello.bin')));
    const guest = loadGuest({ image });
    const before = run(guest, { backups: 0 }).machine.stateHash;
    image.fill(0);
    expect(run(guest, { backups: 0 }).machine.stateHash).toBe(before);
    writeFileSync(file('mine.s'), ending('li a0, 1'));
    const mine = loadGuest(file('mine.s'));
    writeFileSync(file('mine.s'), ending('li a0, 2'));
    // With clients the machine has a network card, so it is another machine.
    for (const clients of [0, 1]) expect(run(mine, { clients }).machine.register('a0')).toBe(1n);
  });

  test('has the symbols, memory and devices of its options', () => {
    const guest = loadGuest(
      { source: ending('li a0, N') },
      {
        defines: { N: 42 },
        memoryBytes: 1 << 20,
        disk: Uint8Array.of(1, 2, 3),
        devices: ['virtio-rng-device'],
      },
    );
    expect(guest.memoryBytes).toBe(1 << 20);
    const { machine, exitCode } = run(guest, { backups: 0 });
    expect([machine.register('a0'), machine.register('x10'), exitCode]).toEqual([42n, 42n, 0]);
    expect(machine.memory(0x8000_0000, 4)).toHaveLength(4);
    expect(() => machine.memory(0x800f_fffe, 4)).toThrow(
      /are not all in RAM, which is from 0x80000000 to 0x80100000/,
    );
    expect(() => machine.register('x32')).toThrow(/^"x32" is no register/);
  });

  test('that can not be loaded is refused, with all errors of a source', () => {
    expect(() => loadGuest('nowhere')).toThrow(/^nowhere: no such file, and no bundled program of that name/);
    expect(() => loadGuest({ image: new TextEncoder().encode('text') })).toThrow(OperatingError);
    expect(() => loadGuest('hello', { memoryBytes: 5000 })).toThrow(/^memoryBytes 5000/);
    expect(() => loadGuest('hello', { disk: -1 })).toThrow(/^disk -1/);
    expect(() => loadGuest('hello', { memory: 4096 } as object)).toThrow(/^a guest has no "memory"/);
    expect(() => loadGuest('hello', { clock: 'sun' } as object)).toThrow(/^clock sun/);
    expect(() => loadGuest('hello', { defines: { N: 0.5 } })).toThrow(/^defines N=0.5/);
    expect(() => loadGuest('hello', { defines: { N: 2n ** 64n } })).toThrow(OperatingError);
    expect(() => loadGuest(undefined as never)).toThrow(/^a guest is a name, a path/);
    expect(() => loadGuest('hello', { devices: ['toaster'] })).toThrow(/toaster/);
    try {
      loadGuest({ source: 'nop\nfrobnicate\nadd a0', name: 'mine.s' });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(AssemblyError);
      const { diagnostics } = error as AssemblyError;
      expect(diagnostics.map(({ file, line }) => [file, line])).toEqual([
        ['mine.s', 2],
        ['mine.s', 3],
      ]);
    }
  });
});

describe('a recording', () => {
  test('replays to the same state, here and in the command', async () => {
    const bytes = crashed.recording();
    const again = replay(bytes).run();
    expect(again.machine.stateHash).toBe(crashed.machine.stateHash);
    expect(again.consoleText).toBe(crashed.consoleText);
    expect(again.program).toBe('bank.s');
    expect(again.damage).toBeUndefined();
    writeFileSync(file('bank.log'), bytes);
    const { stdout } = await vmft(['replay', file('bank.log'), '--json']);
    expect(JSON.parse(stdout).stateHash).toBe(crashed.machine.stateHash);
  });

  test('written during the run, across a failover, equals the one made at the end', () => {
    const path = file('growing.log');
    let atCrash = 0;
    const one = record(bank, path, {
      faults: [CRASH],
      onEvent: ({ kind }) => {
        if (kind === 'fault') atCrash = existsSync(path) ? 1 : 0;
      },
    });
    expect(atCrash).toBe(1);
    expect(new Uint8Array(readFileSync(path))).toEqual(one.recording());
    expect(replay(path).run().machine.stateHash).toBe(crashed.machine.stateHash);
    expect(() => record(bank, file('no/such/place.log'))).toThrow(OperatingError);
  });

  test('takes a machine to any position, forwards and backwards', () => {
    const travel = replay(crashed.recording());
    const at = (icount: number) => {
      const { machine, consoleText } = travel.seek(icount);
      return [travel.icount, machine.icount, machine.stateHash, machine.pc, consoleText] as const;
    };
    const there = at(123_456);
    expect(there.slice(0, 2)).toEqual([123_456, 123_456]);
    const before = at(1000);
    expect(before[4].length).toBeLessThan(there[4].length);
    expect(crashed.consoleText.startsWith(there[4])).toBe(true);
    expect(at(123_456)).toEqual(there);
    expect(travel.step().step(-1).machine.stateHash).toBe(there[2]);
    expect(travel.step(-1).icount).toBe(123_455);
    expect(travel.seek(Number.MAX_SAFE_INTEGER).icount).toBe(travel.end);
    expect(travel.seek(0).consoleText).toBe('');
    expect(() => travel.seek(-1)).toThrow(/^-1 is no position/);
    expect(() => travel.seek(0.5)).toThrow(OperatingError);
  });

  test('shows its entries, and instructions as text', () => {
    const travel = replay(run(loadGuest({ source: ending('li a0, 1\nmul a0, a0, a0') })).recording());
    expect([...travel.entries()].map(({ kind }) => kind)).toContain('check');
    expect(travel.machine.instruction()).toBe('li a0, 1');
    expect(travel.machine.instruction(0x8000_0004)).toBe('mul a0, a0, a0');
  });

  test('that is damaged replays up to the damage; other bytes are refused', () => {
    const bytes = crashed.recording();
    const cut = replay(bytes.subarray(0, bytes.length / 2));
    expect(cut.damage).toMatch(/^the recording: the log is cut short/);
    expect(cut.run().icount).toBe(cut.end);
    expect(cut.end).toBeLessThan(crashed.steps);
    expect(() => replay(Uint8Array.of(1, 2, 3))).toThrow(/^the recording: not a vmft log/);
    expect(() => replay(file('nowhere.log'))).toThrow(/nowhere\.log: no such file/);
  });
});

describe('a comparison', () => {
  test('finds the differences between machines, saved or not', async () => {
    const travel = replay(crashed.recording()).seek(50_000);
    const saved = travel.machine.save();
    expect(diff(saved, travel).equal).toBe(true);
    travel.step();
    const { equal, registers, devices } = diff(saved, travel.machine);
    expect([equal, devices]).toEqual([false, []]);
    expect(registers.filter((one) => !one.equal).map(({ name }) => name)).toContain('pc');
    writeFileSync(file('a.vm'), saved);
    writeFileSync(file('b.vm'), travel.machine.save());
    expect(diff(file('a.vm'), file('b.vm'))).toEqual(diff(saved, travel));
    expect((await vmft(['diff', file('a.vm'), file('b.vm')])).code).toBe(1);
  });

  test('refuses machines of different sizes, and anything else', () => {
    const small = run(loadGuest('hello', { memoryBytes: 1 << 20 }), { backups: 0 });
    expect(() => diff(small, crashed)).toThrow(/^machines with different memory sizes/);
    expect(() => diff(Uint8Array.of(1), crashed)).toThrow(/^the saved machine: not a saved machine/);
    expect(() => diff({} as Run, crashed)).toThrow(OperatingError);
  });
});

test('the exported types equal those inside', () => {
  expectTypeOf<keyof RunSpec>().toEqualTypeOf<keyof InnerSpec>();
  expectTypeOf<Omit<RunSpec, 'faults'>>().toEqualTypeOf<Omit<InnerSpec, 'faults'>>();
  expectTypeOf<Violation>().toEqualTypeOf<InnerViolation>();
  expectTypeOf<Outcome>().toEqualTypeOf<InnerOutcome>();
  expectTypeOf<Engine>().toEqualTypeOf<InnerEngine>();
  expectTypeOf<LogEntry['kind']>().toEqualTypeOf<EntryKind>();
  type Inner = SimEvent['event']['kind'];
  expectTypeOf<EventContent['kind']>().toEqualTypeOf<Inner>();
});
