import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import { judge } from '../../../src/check/verdict.ts';
import type { Key } from '../../../src/cli/terminal/keys.ts';
import { runSession } from '../../../src/cli/terminal/session.ts';
import type { Terminal } from '../../../src/cli/terminal/terminal.ts';
import { Simulation } from '../../../src/sim/cluster/cluster.ts';
import { evidenceOf } from '../../../src/sim/cluster/evidence.ts';
import { failoverFigures } from '../../../src/sim/cluster/observer.ts';
import type { TimedAction } from '../../../src/sim/spec/actions.ts';
import { defaults } from '../../../src/sim/spec/spec.ts';
import { chattyGuest, machineOf } from '../../ft/guest.ts';

/** Echoes every byte, and ends at a `q`. Between bytes it waits for the UART's interrupt. */
const ECHO = `
.equ UART, 0x10000000
.equ PLIC, 0x0c000000
_start:
    li      s0, UART
    li      t0, 1
    sb      t0, 2(s0)               # FIFO on
    sb      t0, 1(s0)               # interrupt on received data
    li      s1, PLIC
    sw      t0, 40(s1)              # priority of source 10
    li      t0, 1 << 10
    li      t1, PLIC + 0x2000
    sw      t0, 0(t1)               # enabled
    li      t0, 1 << 11
    csrw    mie, t0
    li      s1, PLIC + 0x200004
loop:
    lbu     t0, 5(s0)
    andi    t0, t0, 1
    beqz    t0, sleep
    lbu     t0, 0(s0)
    sb      t0, 0(s0)
    li      t1, 'q'
    bne     t0, t1, loop
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
sleep:
    wfi
    lw      t0, 0(s1)
    sw      t0, 0(s1)
    j       loop
`;

/** A user who types the next key whenever the session is idle, or when `between` returns true. */
class FakeTerminal {
  ended = false;
  private now: Key[] = [];
  constructor(
    private readonly script: (Key | typeof hangUp)[],
    private readonly between: () => boolean,
    /** Whether the VM would survive a crash. */
    private readonly isProtected: () => boolean,
  ) {}

  take(): Key[] {
    if (this.between()) this.next();
    return this.now.splice(0);
  }

  async typed(withinMs?: number): Promise<void> {
    if (withinMs === undefined && this.script.length === 0) throw new Error('the script has ended');
    this.next();
  }

  private next(): void {
    if (this.script[0]?.kind === 'crash' && !this.isProtected()) return;
    const key = this.script.shift();
    if (key?.kind === 'hang-up') this.ended = true;
    else if (key) this.now.push(key);
  }
}

const type = (text: string): Key => ({ kind: 'type', data: new TextEncoder().encode(text) });
const crash: Key = { kind: 'crash' };
const hangUp = { kind: 'hang-up' } as const;

function simulationOf(backups: number, source = ECHO, actions: readonly TimedAction[] = []) {
  const printed: Uint8Array[] = [];
  const performed: TimedAction[] = [];
  const simulation = new Simulation({
    description: machineOf(source),
    spec: { ...defaults, backups, maxSteps: 10_000_000 },
    input: new Uint8Array(0),
    attended: true,
    actions,
    onAction: (action) => performed.push(action),
    print: (data) => printed.push(data),
    onEvent: () => {},
  });
  return { simulation, performed, console: () => Buffer.concat(printed).toString() };
}

/** What a run ends as. */
const endOf = ({ outcome, nowNs, machine, failovers }: Simulation) => ({
  ...{ outcome, nowNs },
  failovers: failovers.map(failoverFigures),
  icount: machine.icount,
  hash: machine.hash(),
});

async function session(
  backups: number,
  script: (Key | typeof hangUp)[],
  between = () => false,
  source?: string,
) {
  const { simulation, performed, console } = simulationOf(backups, source);
  const helped: string[] = [];
  const isProtected = () => backups === 0 || simulation.unharmedMembers.length > 1;
  const terminal = new FakeTerminal(script, between, isProtected) as unknown as Terminal;
  const ended = await runSession(simulation, terminal, () => helped.push('help'));
  if (ended === 'ended') {
    // The user's keys, at their times, are all that made the session what it was.
    const again = simulationOf(backups, source, performed);
    expect(endOf(again.simulation.run())).toEqual(endOf(simulation));
    expect([again.console(), again.performed]).toEqual([console(), performed]);
  }
  return { simulation, end: ended, console: console(), helped };
}

describe.each([0, 1])('a session with %i backups', (backups) => {
  test('waits for typed bytes, and ends when the guest does', async () => {
    const { simulation, end, console } = await session(backups, [type('ab'), type('c'), type('dq')]);
    expect([end, console, simulation.outcome]).toEqual(['ended', 'abcdq', 'completed']);
    expect(judge(evidenceOf(simulation))).toEqual([]);
  });

  test('ends at the quit key', async () => {
    const { simulation, end, helped } = await session(backups, [
      type('ab'),
      { kind: 'help' },
      { kind: 'quit' },
    ]);
    expect([end, helped]).toEqual(['quit', ['help']]);
    simulation.quit();
    expect(simulation.outcome).toBe('limit');
  });

  test('ends when its input is closed', async () => {
    const { simulation, end, console } = await session(backups, [type('ab'), hangUp]);
    expect([end, console, simulation.outcome]).toEqual(['ended', 'ab', 'limit']);
    expect(judge(evidenceOf(simulation))).toEqual([]);
  });
});

test('without a backup a crash ends the session', async () => {
  const { simulation, end } = await session(0, [type('ab'), crash]);
  expect([end, simulation.outcome]).toEqual(['ended', 'lost']);
});

test('the VM survives repeated crashes by key, and no byte is lost', async () => {
  const text = 'the quick brown fox'.replaceAll('q', 'k');
  const script = [...text].flatMap((letter, index) =>
    index % 4 === 3 ? [type(letter), crash] : [type(letter)],
  );
  const { simulation, console } = await session(1, [...script, type('q')]);
  expect([console, simulation.outcome]).toEqual([`${text}q`, 'completed']);
  expect(simulation.failovers.length).toBeGreaterThan(2);
  expect(judge(evidenceOf(simulation))).toEqual([]);
});

test('keys at any time reach a busy guest once and in order', async () => {
  for (let seed = 0; seed < 5; seed++) {
    const random = new Random(`session/${seed}`);
    const text = 'some words, a few more words';
    const { simulation } = await session(1, [...text, 'q'].map(type), () => random.chance(0.3), chattyGuest);
    expect(simulation.outcome).toBe('completed');
    expect(new TextDecoder().decode(simulation.console.input)).toBe(`${text}q`);
    expect(judge(evidenceOf(simulation))).toEqual([]);
  }
});
