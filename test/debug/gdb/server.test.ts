/** gdb's server without a socket: what it answers, and that nothing that gdb sends harms the run. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hexOf } from '../../../src/base/text.ts';
import { csrs } from '../../../src/cpu/csrs.ts';
import { RAM_BASE } from '../../../src/cpu/layout.ts';
import { csrValue } from '../../../src/debug/csr-values.ts';
import { bytesOf, charsOf, hexOfText, packetOf } from '../../../src/debug/gdb/packets.ts';
import { targetDescription } from '../../../src/debug/gdb/registers.ts';
import { GdbServer } from '../../../src/debug/gdb/server.ts';
import { DebugSession } from '../../../src/debug/session.ts';
import { Timeline } from '../../../src/replay/timeline.ts';
import { ReplayDoors } from '../../../src/vmm/doors.ts';
import type { Entry, EntryOf } from '../../../src/vmm/entries.ts';
import { Machine } from '../../../src/vmm/machine.ts';
import { chattyGuest, machineOf } from '../../ft/guest.ts';
import { recordRun } from '../../ft/world.ts';
import { examples } from '../../thorough.ts';

const description = machineOf(chattyGuest);
const { entries, icount: end } = recordRun(description, 'gdb', 'a few words, then the end: q', 0.02);

/** A server, and what it has sent. */
class Client {
  sent = '';
  endings: string[] = [];
  readonly session: DebugSession;
  private readonly server: GdbServer;

  constructor(machine = description, log: readonly Entry[] = entries) {
    this.session = new DebugSession(new Timeline(machine, log, { snapshotBytes: 1 << 24 }));
    this.server = new GdbServer({
      session: this.session,
      send: (bytes) => {
        this.sent += charsOf(bytes);
      },
      refused: (icount) => `instead of at ${icount}`,
      ended: (how) => this.endings.push(how),
    });
  }

  receive(bytes: Uint8Array): void {
    this.server.receive(bytes);
  }

  work(): void {
    while (this.server.work() !== 'idle');
  }

  /** The answer to a packet, without framing. */
  ask(packet: string): string {
    this.sent = '';
    this.receive(packetOf(packet));
    this.work();
    return this.sent.replace(/^\+/, '').replace(/\$([^#]*)#../g, '$1');
  }

  monitor(command: string): string {
    return Buffer.from(this.ask(`qRcmd,${hexOfText(command)}`), 'hex').toString();
  }
}

const hashAt = (icount: number) =>
  new Timeline(description, entries).seek(icount, 'after').machine.hash(true);
const pcOf = ({ session }: Client) => session.machine.hart.get('pc');

describe('the server', () => {
  test('says what it can, and describes its registers', () => {
    const client = new Client();
    for (const feature of ['ReverseStep+', 'ReverseContinue+', 'qXfer:features:read+', 'swbreak+'])
      expect(client.ask('qSupported:multiprocess+;xmlRegisters=riscv').split(';')).toContain(feature);
    let xml = '';
    for (let part = 'm'; part.startsWith('m'); xml += part.slice(1))
      part = client.ask(`qXfer:features:read:target.xml:${xml.length.toString(16)},fff`);
    expect(xml).toBe(targetDescription);
    expect(client.ask('qXfer:features:read:other.xml:0,fff')).toBe('E00');
    expect(client.ask('vMustReplyEmpty')).toBe('');
    expect(client.ask('?')).toBe('T05thread:1;');
  });

  test('acknowledges packets until it is told not to', () => {
    const client = new Client();
    client.receive(bytesOf('$qC#00'));
    expect(client.sent).toBe('-');
    client.ask('qC');
    client.sent = '';
    client.receive(bytesOf('-'));
    expect(client.sent).toBe('$QC1#c5');
    client.sent = '';
    client.receive(packetOf('QStartNoAckMode'));
    client.work();
    expect(client.sent).toBe('+$OK#9a');
    client.sent = '';
    client.receive(packetOf('qC'));
    client.work();
    expect(client.sent).toBe('$QC1#c5');
    client.sent = '';
    client.receive(bytesOf('-'));
    expect(client.sent).toBe('');
  });

  test('reads registers and memory, and refuses what is not there', () => {
    const client = new Client();
    client.monitor('goto 1500');
    const { hart } = client.session.machine;
    const general = Buffer.from(client.ask('g'), 'hex');
    for (let number = 0; number < 32; number++)
      expect(general.readBigUInt64LE(8 * number)).toBe(hart.get(`x${number}` as 'x1'));
    expect(general.readBigUInt64LE(8 * 32)).toBe(hart.get('pc'));
    expect(Buffer.from(client.ask('p1041'), 'hex').readBigUInt64LE()).toBe(hart.get('privilege'));
    expect(client.ask('pffff')).toMatch(/^E\./);
    expect(client.ask(`m${RAM_BASE.toString(16)},20`)).toBe(hexOf(hart.ram.subarray(0, 32)));
    // Across the end of RAM: what is there.
    const last = RAM_BASE + hart.ramSizeBytes - 4;
    expect(client.ask(`m${last.toString(16)},20`)).toBe(hexOf(hart.ram.subarray(-4)));
    expect(client.ask('m10000000,8')).toBe('E14');
    expect(client.ask('m0,8')).toBe('E14');
    for (const change of ['M80000000,1:00', 'X80000000,1:0', 'P20=00', 'G00'])
      expect(client.ask(change)).toMatch(/^E\.the past cannot be changed: .*; instead of at 1500$/);
    expect(client.session.machine.hash(true)).toBe(hashAt(1500));
  });

  test('sends an empty text now and then while a command takes long, so that gdb waits', () => {
    const client = new Client(machineOf('_start: j _start\n'), [{ kind: 'progress', icount: 3_000_000 }]);
    const [, texts, answer] = /^(O*)([0-9a-f]*)$/.exec(client.ask(`qRcmd,${hexOfText('goto output 1')}`))!;
    expect(texts!.length).toBeGreaterThan(1);
    expect(Buffer.from(answer!, 'hex').toString()).toBe('the end of the run, icount 3000000\n');
  });

  test('moves by monitor commands', () => {
    const client = new Client();
    expect(client.monitor('icount')).toBe('0\n');
    expect(client.monitor('goto 1234')).toBe('icount 1234\n');
    expect(client.monitor('checkpoint')).toBe('checkpoint 1 at icount 1234\n');
    expect(client.monitor('goto end')).toBe(`the end of the run, icount ${end}\n`);
    const made = client.session.machine.outputsMade;
    expect(client.monitor('outputs')).toBe(`${made}\n`);
    for (const output of [made, 1, 3]) {
      client.monitor(`goto output ${output}`);
      expect(client.session.machine.outputsMade).toBe(output);
      client.ask('bs');
      expect(client.session.machine.outputsMade).toBe(output - 1);
    }
    for (const count of [20, 3, 11]) {
      client.monitor(`goto entry ${count}`);
      expect(client.session.timeline.consumed).toBeGreaterThanOrEqual(count);
      expect(client.session.icount).toBe(
        entries[count - 1]!.icount + (entries[count - 1]!.kind === 'clock' ? 1 : 0),
      );
    }
    expect(client.monitor('goto checkpoint 1')).toBe('icount 1234\n');
    expect(client.monitor('goto checkpoint 2')).toMatch('there is no checkpoint 2');
    expect(client.monitor('goto output 999999')).toMatch('the end of the run');
    for (const wrong of ['goto', 'goto x', 'goto 1 2', 'goto output x', 'jump'])
      expect(client.monitor(wrong)).toMatch('goto output N');
  });

  test('an interruption ends a search through the past where it began', () => {
    const client = new Client();
    client.monitor('goto 2500');
    client.ask('Z0,0,4');
    client.receive(packetOf('bc'));
    client.receive(bytesOf('\x03'));
    client.work();
    expect(client.sent).toMatch(/\$T02/);
    expect(client.session.icount).toBe(2500);
    expect(client.session.machine.hash(true)).toBe(hashAt(2500));
  });

  test('a log that this machine contradicts is an end, from which the way back is open', () => {
    const at = entries.findIndex(({ kind }) => kind === 'check');
    const check = entries[at] as EntryOf<'check'>;
    const wrong = entries.with(at, { ...check, hash: check.hash ^ 1n });
    const client = new Client(description, wrong);
    const text = hexOfText(`the replay diverges at ${check.icount}: `);
    expect(client.ask('vCont;c')).toMatch(new RegExp(`^O${text}.*T05.*replaylog:end;$`, 's'));
    expect(client.session.icount).toBe(check.icount);
    expect(new Client(description, wrong).monitor('goto end')).toMatch(
      /^the replay diverges at .*\nicount \d+\n$/s,
    );
    expect(client.ask('bs')).toMatch(/^T05/);
    expect(client.session.icount).toBe(check.icount - 1);
    expect(client.session.machine.hash(true)).toBe(hashAt(check.icount - 1));
  });

  test('whatever arrives, the run is at a position of its history', () => {
    const number = fc.oneof(
      fc.nat(200).map((n) => (RAM_BASE + n).toString(16)),
      fc.nat().map((n) => n.toString(16)),
      fc.string({ maxLength: 20 }),
    );
    const command = fc.oneof(
      fc.constantFrom(
        '?',
        'g',
        's',
        'c',
        'bs',
        'bc',
        'vCont?',
        'vCont;c',
        'vCont;s:1',
        'qC',
        'D',
        'k',
        'Hg0',
        'T1',
      ),
      fc
        .tuple(
          fc.constantFrom('m', 'M', 'X', 'p', 'P', 'Z0,', 'z0,', 'Z1,', 'Z2,', 'Z3,', 'Z4,', 'z4,'),
          number,
          number,
        )
        .map(([name, a, b]) => `${name}${a},${b}`),
      fc
        .tuple(
          fc.constantFrom('icount', 'entry', 'goto', 'goto output', 'goto entry', 'checkpoint', 'x'),
          number,
        )
        .map(([name, word]) => `qRcmd,${hexOfText(`${name} ${word}`)}`),
      fc.string({ maxLength: 40 }),
    );
    const bytes = fc.oneof(
      { weight: 8, arbitrary: command.map((text) => packetOf(text)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }) },
      { weight: 1, arbitrary: fc.constant(bytesOf('\x03')) },
    );
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 30 }), fc.boolean(), (all, atOnce) => {
        const client = new Client();
        for (const one of all) {
          client.receive(one);
          if (!atOnce) client.work();
        }
        client.work();
        const { session } = client;
        const pc = pcOf(client);
        const { icount } = session;
        for (const _ of session.goTo(icount));
        // At a breakpoint it may be past an interrupt.
        const isThere = session.machine.hash(true) === hashAt(icount);
        expect([isThere, typeof pc]).toEqual([true, 'bigint']);
      }),
      { numRuns: examples(200) },
    );
  });
});

test('CSRs have the values that the guest reads', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...csrs.filter(({ name }) => name !== 'seed')),
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 12, maxLength: 12 }),
      (csr, values) => {
        const machine = new Machine(
          { ...description, start: [] },
          new (class extends ReplayDoors {
            override clock = () => 77;
          })(),
        );
        const { hart } = machine;
        const words = [
          'mstatus',
          'mip',
          'mie',
          'mideleg',
          'fcsr',
          'stvec',
          'satp',
          'mcycleBias',
          'pmpaddr3',
          'sepc',
          'scause',
          'lines',
        ] as const;
        // Without the bits that would interrupt, or trap the read.
        const masks: Partial<Record<string, bigint>> = {
          mstatus: 0x6000_0000_0000_7900n | (3n << 13n),
          fcsr: 0xffn,
          lines: 0xaaan,
          mie: 0n,
        };
        for (const [index, word] of words.entries())
          hart.set(word, values[index]! & (masks[word] ?? 2n ** 64n - 1n));
        hart.set('mstatus', hart.get('mstatus') | (1n << 13n));
        hart.set('satp', 0n);
        // csrr a0, csr
        hart.write(RAM_BASE, new Uint8Array(Uint32Array.of(0x0000_2573 | (csr.number << 20)).buffer));
        const known = csrValue(machine, csr);
        machine.run(machine.icount + 1);
        const expected = csr.name === 'time' ? 77n : known;
        expect([csr.name, hart.get('x10')]).toEqual([csr.name, expected]);
      },
    ),
    { numRuns: examples(600) },
  );
});
