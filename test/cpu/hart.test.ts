/** The hart's contract with the VMM: what counts as a step, what it asks for and when, and which CSRs exist. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { AnyHart } from '../../src/cpu/checked-hart.ts';
import { CAUSE, csrNumbers, csrs, INTERRUPT, MSTATUS } from '../../src/cpu/csrs.ts';
import { makeHart } from '../../src/cpu/engine.ts';
import { type FieldName, fields, insert } from '../../src/cpu/formats.ts';
import { instructions } from '../../src/cpu/instructions.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { execution } from '../engine.ts';

const RAM_BYTES = 4 * PAGE_BYTES;
const HANDLER = RAM_BASE + PAGE_BYTES;
const DATA = RAM_BASE + 2 * PAGE_BYTES;
const DEVICE = 0x1000_0000n;

let asked: string[];
let answer: bigint | undefined;
const hart: AnyHart = makeHart(
  RAM_BYTES,
  {
    load(address, sizeBytes) {
      asked.push(`load ${sizeBytes} at ${address.toString(16)}`);
      return answer;
    },
    store(address, sizeBytes, value) {
      asked.push(`store ${sizeBytes} at ${address.toString(16)}: ${value.toString(16)}`);
      return answer !== undefined;
    },
    clock: () => asked.push('clock') && 1234,
    entropy: () => asked.push('entropy') && 0xbeef,
    watched: (address, sizeBytes) => asked.push(`watched ${sizeBytes} at ${address.toString(16)}`),
  },
  execution,
);
const boot = hart.state;

beforeEach(() => {
  asked = [];
  answer = 0n;
  hart.write(RAM_BASE, new Uint8Array(RAM_BYTES));
  hart.state = { ...boot, mtvec: BigInt(HANDLER) };
});

/** An instruction word: `op('addi', { rd: 1, immI: 5 })`. */
function op(mnemonic: string, operands: { [F in FieldName]?: number } = {}): number {
  const { match } = instructions.find((row) => row.mnemonic === mnemonic)!;
  return Object.entries(operands).reduce(
    (word, [name, value]) => (word | insert(fields[name as FieldName], value)) >>> 0,
    match,
  );
}
const nop = op('addi');
const read = (name: string, rd = 1) => op('csrrs', { rd, csr: csrNumbers.get(name)! });
const write = (name: string, rs1: number) => op('csrrw', { csr: csrNumbers.get(name)!, rs1 });

const program = (...words: number[]) => hart.write(RAM_BASE, new Uint8Array(Uint32Array.from(words).buffer));

describe('steps and counters', () => {
  test('mcycle counts steps, minstret the instructions that retired', () => {
    hart.write(HANDLER, new Uint8Array(Uint32Array.of(read('mcycle', 1), read('minstret', 2)).buffer));
    program(nop, nop, op('ecall'));
    hart.run(5);
    expect([hart.get('x1'), hart.get('x2')]).toEqual([3n, 3n]); // Before each: 3 steps; 2 retired and the read of mcycle.
    expect(hart.icount).toBe(5);
  });

  test.each([
    ['an illegal word', 0],
    ['ECALL', op('ecall')],
    ['EBREAK', op('ebreak')],
    ['a load fault', op('ld', { rd: 1 })],
    ['a CSR that does not exist', op('csrrs', { rd: 1, csr: 0x800 })],
  ])('%s is a step, and does not retire', (_, word) => {
    answer = undefined;
    program(word);
    hart.run(1);
    expect([hart.icount, hart.get('minstretBias'), hart.get('mcycleBias')]).toEqual([1, 2n ** 64n - 1n, 0n]);
    expect(hart.get('pc')).toBe(BigInt(HANDLER));
  });

  test.each(['mcycle', 'minstret'])('a write to %s is effective before the next instruction', (name) => {
    program(nop, write(name, 5), read(name, 1), nop, read(name, 2));
    hart.set('x5', 1000n);
    hart.run(5);
    expect([hart.get('x1'), hart.get('x2')]).toEqual([1000n, 1002n]);
  });

  test('a counter wraps around', () => {
    program(write('minstret', 5), read('minstret', 1), read('instret', 2));
    hart.set('x5', 2n ** 64n - 1n);
    hart.run(3);
    expect([hart.get('x1'), hart.get('x2')]).toEqual([2n ** 64n - 1n, 0n]);
  });

  test('taking an interrupt is not a step', () => {
    hart.set('mstatus', 8n);
    hart.set('mie', 0x888n);
    hart.run(0);
    hart.setLine(INTERRUPT.MEI, true);
    hart.run(0);
    expect(hart.get('pc')).toBe(BigInt(RAM_BASE)); // Not checked while there is no step to take.
    program(nop);
    hart.write(HANDLER, new Uint8Array(Uint32Array.of(read('mcycle', 1), read('minstret', 2)).buffer));
    hart.run(2);
    expect([hart.get('mepc'), hart.get('x1'), hart.get('x2')]).toEqual([BigInt(RAM_BASE), 0n, 1n]);
  });

  test('a waiting hart takes no steps until an interrupt that is enabled in mie is pending', () => {
    program(op('wfi'), op('addi', { rd: 1, immI: 7 }));
    hart.set('mie', 1n << 7n);
    expect(hart.run(100)).toBe('waiting');
    hart.setLine(INTERRUPT.MSI, true);
    expect(hart.run(100)).toBe('waiting');
    expect([hart.icount, hart.get('waiting')]).toEqual([1, 1n]);
    hart.setLine(INTERRUPT.MTI, true);
    expect(hart.run(2)).toBe('limit');
    expect([hart.icount, hart.get('waiting'), hart.get('x1')]).toEqual([2, 0n, 7n]);
  });

  test('a stop that a device requests ends the run after the instruction, once', () => {
    program(op('sd', { rs1: 5 }), nop, nop);
    const stopping: AnyHart = makeHart(
      RAM_BYTES,
      {
        load: () => 0n,
        store() {
          stopping.stop();
          return true;
        },
        clock: () => 0,
        entropy: () => 0,
        watched: () => undefined,
      },
      execution,
    );
    stopping.write(RAM_BASE, hart.ram);
    stopping.set('x5', DEVICE);
    expect([stopping.run(3), stopping.icount]).toEqual(['stop', 1]);
    expect([stopping.run(3), stopping.icount]).toEqual(['limit', 3]);
  });
});

describe('accesses', () => {
  const loads = [
    { name: 'lb', sizeBytes: 1, value: 0xffff_ffff_ffff_ff80n },
    { name: 'lbu', sizeBytes: 1, value: 0x80n },
    { name: 'lh', sizeBytes: 2, value: 0xffff_ffff_ffff_8080n },
    { name: 'lhu', sizeBytes: 2, value: 0x8080n },
    { name: 'lw', sizeBytes: 4, value: 0xffff_ffff_8080_8080n },
    { name: 'lwu', sizeBytes: 4, value: 0x8080_8080n },
    { name: 'ld', sizeBytes: 8, value: 0x8080_8080_8080_8080n },
  ];
  test.each(loads)(
    '$name of a device asks for $sizeBytes bytes and extends them',
    ({ name, sizeBytes, value }) => {
      answer = 0x8080_8080_8080_8080n & ((1n << BigInt(8 * sizeBytes)) - 1n);
      program(op(name, { rd: 1, rs1: 5, immI: 4 }));
      hart.set('x5', DEVICE);
      hart.run(1);
      expect(asked).toEqual([`load ${sizeBytes} at 10000004`]);
      expect(hart.get('x1')).toBe(value);
    },
  );

  test('a load into x0 still asks the device', () => {
    program(op('lw', { rs1: 5 }));
    hart.set('x5', DEVICE);
    hart.run(1);
    expect(asked).toEqual(['load 4 at 10000000']);
  });

  test('a store to a device passes exactly its bytes', () => {
    program(...['sb', 'sh', 'sw', 'sd'].map((name) => op(name, { rs1: 5, rs2: 6 })));
    hart.set('x5', DEVICE);
    hart.set('x6', 0x1122_3344_5566_7788n);
    hart.run(4);
    expect(asked.map((line) => line.split(': ')[1])).toEqual(['88', '7788', '55667788', '1122334455667788']);
  });

  test.each(['amoadd.w', 'amoadd.d', 'sc.w', 'sc.d', 'lr.w', 'lr.d'])('devices refuse %s', (name) => {
    program(op(name, { rd: 1, rs1: 5 }));
    hart.set('x5', DEVICE);
    hart.run(1);
    expect(asked).toEqual([]);
    expect(hart.get('mcause')).toBe(BigInt(name.startsWith('lr') ? CAUSE.loadFault : CAUSE.storeFault));
  });

  test.each(['ld', 'sd'])('%s across the end of RAM faults at the end of RAM, without any effect', (name) => {
    answer = undefined;
    hart.write(RAM_BASE + RAM_BYTES - 8, new Uint8Array(8).fill(7));
    program(op(name, { rs1: 5, ...(name === 'ld' && { rd: 1 }) }));
    hart.set('x5', BigInt(RAM_BASE + RAM_BYTES - 3));
    const before = hart.hashRam();
    hart.run(1);
    expect(hart.get('mtval')).toBe(BigInt(RAM_BASE + RAM_BYTES));
    expect([hart.get('x1'), hart.hashRam()]).toEqual([0n, before]);
  });

  test('a store to a watched page is reported, wherever it begins', () => {
    program(op('sd', { rs1: 5 }), op('sb', { rs1: 6 }), op('amoadd.w', { rs1: 6 }), op('sh', { rs1: 7 }));
    hart.watch(DATA);
    hart.set('x5', BigInt(DATA - 1));
    hart.set('x6', BigInt(DATA + 8));
    hart.set('x7', BigInt(DATA + PAGE_BYTES));
    hart.run(4);
    // A store that begins in the page before is reported byte by byte.
    const bytes = Array.from({ length: 7 }, (_, index) => `watched 1 at ${(DATA + index).toString(16)}`);
    expect(asked).toEqual([...bytes, 'watched 1 at 80002008', 'watched 4 at 80002008']);
    // Also after a hash, and after a write from outside.
    hart.hashRam();
    hart.write(DATA, Uint8Array.of(1));
    hart.set('pc', BigInt(RAM_BASE + 4));
    hart.run(5);
    expect(asked.slice(9)).toEqual(['watched 1 at 80002008']);
  });

  test('a write from outside clears the reservation', () => {
    program(op('lr.d', { rd: 1, rs1: 5 }), op('sc.d', { rd: 2, rs1: 5 }));
    hart.set('x5', BigInt(DATA));
    hart.run(1);
    hart.write(DATA + 512, Uint8Array.of(1));
    hart.run(2);
    expect(hart.get('x2')).toBe(1n);
  });
});

describe('CSRs', () => {
  test('each read of time asks the clock once', () => {
    program(read('time', 1), read('time', 2));
    hart.run(2);
    expect([asked, hart.get('x1'), hart.get('x2')]).toEqual([['clock', 'clock'], 1234n, 1234n]);
  });

  test('seed asks for entropy when it is read by a write', () => {
    program(op('csrrw', { rd: 1, csr: 0x015 }), op('csrrs', { rd: 2, csr: 0x015 }));
    hart.run(2);
    expect([asked, hart.get('x1') & 0xffff_ffffn]).toEqual([['entropy'], 0x8000_beefn]);
    expect(hart.get('mcause')).toBe(BigInt(CAUSE.illegalInstruction));
  });

  test('no CSR exists but those of the table, of 4096 numbers', () => {
    const reachable = Array.from({ length: 4096 }, (_, csr) => csr).filter((csr) => {
      hart.state = { ...boot, mtvec: BigInt(HANDLER), mstatus: MSTATUS.FS };
      program(op('csrrs', { csr }));
      hart.run(1);
      return hart.get('mcause') === 0n;
    });
    const numbers = csrs.map(({ number }) => number).filter((number) => number !== csrNumbers.get('seed'));
    expect(reachable).toEqual(numbers.sort((a, b) => a - b));
  });

  /** PMP entry 0 opens all of memory to the lower modes. */
  const open = { pmpaddr0: 2n ** 54n - 1n, pmpcfg0: 0x1fn };

  test('U-mode reaches the counters alone, and only those that both mcounteren and scounteren open', () => {
    for (const [mcounteren, scounteren] of [
      [0n, 7n],
      [1n, 7n],
      [7n, 2n],
      [7n, 4n],
      [7n, 0n],
      [7n, 7n],
    ] as const) {
      const reachable = csrs.filter(({ number }) => {
        hart.state = { ...boot, ...open, mtvec: BigInt(HANDLER), privilege: 0n, mcounteren, scounteren };
        program(op('csrrs', { csr: number }));
        hart.run(1);
        return hart.get('mcause') === 0n;
      });
      const both = mcounteren & scounteren;
      const expected = ['cycle', 'time', 'instret'].filter((_, bit) => (both >> BigInt(bit)) & 1n);
      expect(reachable.map(({ name }) => name)).toEqual(expected);
    }
  });

  test('S-mode reaches the supervisor CSRs, and stimecmp and the counters where M-mode opens them', () => {
    const names = 'sstatus sie stvec scounteren senvcfg sscratch sepc scause stval sip satp'.split(' ');
    for (const [mcounteren, menvcfg, more] of [
      [0n, 0n, []],
      [2n, 0n, ['time']],
      [2n, 1n << 63n, ['stimecmp', 'time']],
      [5n, 1n << 63n, ['cycle', 'instret']],
    ] as const) {
      const reachable = csrs.filter(({ number }) => {
        hart.state = { ...boot, ...open, mtvec: BigInt(HANDLER), privilege: 1n, mcounteren, menvcfg };
        program(op('csrrs', { csr: number }));
        hart.run(1);
        return hart.get('mcause') === 0n;
      });
      expect(reachable.map(({ name }) => name).sort()).toEqual([...names, ...more].sort());
    }
  });

  test('event counters, the counter inhibitor and triggers exist and read as zero', () => {
    for (const name of ['mcountinhibit', 'mhpmcounter3', 'mhpmevent31', 'tselect', 'tdata1', 'tdata2']) {
      hart.state = { ...boot, mtvec: BigInt(HANDLER), x1: 9n, x5: 2n ** 64n - 1n };
      program(write(name, 5), read(name));
      hart.run(2);
      expect([hart.get('x1'), hart.get('mcause')], name).toEqual([0n, 0n]);
    }
  });

  test('mstatus.UXL is 64 bits, whatever is written', () => {
    program(write('mstatus', 5), read('mstatus', 1));
    for (const value of [0n, 2n ** 64n - 1n]) {
      hart.state = { ...boot, x5: value };
      hart.run(2);
      expect((hart.get('x1') >> 32n) & 3n).toBe(2n);
    }
  });
});
