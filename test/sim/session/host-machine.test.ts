/** A host's machine at any instruction, rebuilt from its history. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UnsafeRule } from '../../../src/ft/rules.ts';
import { Session, type SessionRun } from '../../../src/sim/session/session.ts';
import { storyDefaults } from '../../../src/sim/spec/spec.ts';
import { machineOf } from '../../ft/guest.ts';
import { examples } from '../../thorough.ts';
import { faults, guest } from '../support.ts';
import { runs } from './support.ts';

const run = (...texts: string[]): SessionRun => ({
  ...guest('bank'),
  spec: { ...storyDefaults, spares: 1, faults: faults(...texts) },
});
/** What a machine shows, in short. */
const shown = ({ icount, hash }: ReturnType<Session['machineAt']>) => ({ icount, hash });
const positions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 });

describe('a machine of a session', () => {
  it('is that of the cluster at its last position, on every host, at any moment of any run', () => {
    fc.assert(
      fc.property(runs, positions, (made, at) => {
        const session = new Session(made);
        session.seek('end');
        for (const fraction of at) {
          session.seek({ event: Math.floor(fraction * session.length!) });
          for (const { id, replica } of session.simulation.hosts.values()) {
            const { machine } = replica.vmm ?? {};
            if (!machine) continue;
            expect(shown(session.machineAt(id, machine.icount))).toEqual({
              icount: machine.icount,
              hash: machine.hash(true),
            });
          }
        }
      }),
      { numRuns: examples(8) },
    );
  });

  it('is the same at a position whatever the way there, and one step back is a rebuild there', () => {
    const session = new Session(run('crash:primary@20ms'));
    session.seek('end');
    const { end } = session.machineOf('backup');
    const afresh = (icount: number) => {
      const other = new Session(session.run);
      other.seek({ event: session.event });
      return shown(other.machineAt('backup', icount));
    };
    fc.assert(
      fc.property(positions, (at) => {
        const machine = session.machineOf('backup');
        for (const fraction of at) {
          const icount = 1 + Math.floor(fraction * (end - 1));
          machine.seek(icount);
          expect(machine.icount).toBe(icount);
          const here = shown(machine);
          expect(machine.stepBack()).toBe(true);
          expect(shown(machine)).toEqual(afresh(icount - 1));
          expect(machine.step()).toBe(true);
          expect(shown(machine)).toEqual(here);
        }
      }),
      { numRuns: examples(8) },
    );
  });

  it('begins at boot and ends where its host is; its registers are those of the cluster', () => {
    const session = new Session(run());
    session.seek({ event: 200 });
    const machine = session.machineAt('primary', 0);
    expect([machine.icount, machine.stepBack()]).toEqual([0, false]);
    expect(machine.registers()[0]).toEqual({ name: 'pc', value: 0x8000_0000n });
    machine.seek(Number.MAX_SAFE_INTEGER);
    expect([machine.icount, machine.step()]).toEqual([machine.end, false]);
    const { hart } = session.simulation.hosts.get('primary')!.replica.vmm!.machine;
    expect(machine.registers().find(({ name }) => name === 'a0')!.value).toBe(hart.get('x10'));
    expect(machine.csrs().find(({ name }) => name === 'mcycle')!.value).toBe(BigInt(machine.icount));
    expect(machine.memory(0x8000_0000n, 64)).toEqual(hart.ram.slice(0, 64));
    expect(machine.memory(0x1000_0000n, 4)).toHaveLength(0);
  });

  it('follows its host when the run goes on', () => {
    const session = new Session(run());
    session.seek({ event: 100 });
    const machine = session.machineOf('backup');
    machine.seek(machine.end);
    session.advance(300);
    expect(session.machineOf('backup')).toBe(machine);
    machine.seek(machine.end);
    const { machine: there } = session.simulation.hosts.get('backup')!.replica.vmm!;
    expect(shown(machine)).toEqual({ icount: there.icount, hash: there.hash(true) });
  });

  it('has the bits that have flipped, from then on', () => {
    const session = new Session(run('flip:backup@20ms=42000.3'));
    session.seek({ atNs: 20_000_000 });
    const { machine: there } = session.simulation.hosts.get('backup')!.replica.vmm!;
    const at = there.icount;
    const flipped = (icount: number) =>
      session.machineAt('backup', icount).memory(0x8000_0000n + 42000n, 1)[0];
    expect([flipped(at), flipped(at - 1), flipped(at), flipped(0)]).toEqual([8, 0, 8, 0]);
    expect(session.machineAt('backup', at).hash).toBe(there.hash(true));
    expect(session.machineAt('primary', at).hash).not.toBe(there.hash(true));
    // The log says that there is none, so the backup has diverged.
    session.seek('end');
    expect(session.state().outcome).toBe('diverged');
  });

  it('has the flipped bits of the machine that it was copied from', () => {
    const session = new Session(run('flip:primary@5ms=42000.3', 'crash:backup@20ms'));
    session.seek('end');
    const machine = session.machineAt('spare', Number.MAX_SAFE_INTEGER);
    expect(machine.memory(0x8000_0000n + 42000n, 1)[0]).toBe(8);
    expect(machine.contradicts).toBe(undefined);
  });

  it('differs from that of the cluster only where something came in that is not logged', () => {
    const contradicts = (...unsafe: UnsafeRule[]) => {
      const session = new Session({ ...guest('race'), spec: { ...storyDefaults, unsafe } });
      session.seek('end');
      const machine = session.machineAt('primary', Number.MAX_SAFE_INTEGER);
      return [machine.contradicts, machine.stepBack(), machine.contradicts];
    };
    expect(contradicts()).toEqual([undefined, true, undefined]);
    const another = expect.stringContaining('something came in that is not in its log');
    expect(contradicts('bounce-buffers')).toEqual([another, true, undefined]);
  });

  it('says what is wrong with a host or a position', () => {
    const session = new Session(run());
    session.seek({ event: 50 });
    expect(() => session.machineOf('primry')).toThrow(
      'there is no host primry; they are primary, backup, spare',
    );
    expect(() => session.machineOf('spare')).toThrow('spare has no machine at this moment');
    expect(() => session.machineAt('primary', -1)).toThrow('there is no position -1');
    const reading: SessionRun = {
      description: machineOf('_start: rdtime a0\n j _start\n'),
      input: new Uint8Array(0),
      spec: { ...storyDefaults, maxSteps: 50_000 },
    };
    const small = new Session(reading, { evidenceBytes: 0 });
    small.seek('end');
    expect(() => small.machineAt('primary', 1)).toThrow('to be kept in memory; limit the run with max-steps');
  });
});

describe('the instructions round pc', () => {
  const source = `
.option rvc
_start:
  li    a0, 1
  addi  a1, a0, 1000
  c.nop
1: c.add a2, a0
  c.j   1b
`;

  it('are those of the program, of both sizes', () => {
    const session = new Session({
      description: machineOf(source),
      input: new Uint8Array(0),
      spec: { ...storyDefaults, backups: 0, maxSteps: 1000 },
    });
    session.seek({ event: 3 });
    const machine = session.machineAt('primary', 3);
    const lines = machine.disassembly(3, 1);
    expect(lines.map(({ text }) => text)).toEqual([
      'c.li a0, 1',
      'addi a1, a0, 1000',
      'c.addi zero, 0',
      'c.add a2, a0',
      'c.j 0x80000008',
    ]);
  });
});
