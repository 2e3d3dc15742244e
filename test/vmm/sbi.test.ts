import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CONSOLE_BYTES,
  EID,
  IMPLEMENTATION_ID,
  SBI_ERROR,
  type SbiHost,
  sbiCall,
} from '../../src/vmm/sbi.ts';
import { examples } from '../thorough.ts';

const RAM_BASE = 0x8000_0000;
const RAM_BYTES = 3 * CONSOLE_BYTES;
const ALL = 2n ** 64n - 1n;
const filled = Uint8Array.from({ length: RAM_BYTES }, (_, index) => index % 251);
const same = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

/** A machine as calls see it, which records what they do. */
class FakeHost implements SbiHost {
  readonly registers = Array.from({ length: 8 }, (_, index) => 1000n + BigInt(index));
  readonly ram = filled.slice();
  readonly done: string[] = [];
  printed: number[] = [];
  input: number[] = [];
  softwareInterrupt = false;

  argument(index: number): bigint {
    return this.registers[index]!;
  }
  setResult(index: 0 | 1, value: bigint): void {
    expect(value).toBe(BigInt.asUintN(64, value));
    this.registers[index] = value;
  }
  setTimer(ticks: bigint): void {
    this.done.push(`timer ${ticks}`);
  }
  readonly memory = {
    read: (address: number, sizeBytes: number) => {
      const offset = address - RAM_BASE;
      return offset >= 0 && offset + sizeBytes <= RAM_BYTES
        ? this.ram.slice(offset, offset + sizeBytes)
        : undefined;
    },
    write: (address: number, bytes: Uint8Array) => {
      if (!this.memory.read(address, bytes.length)) return false;
      this.ram.set(bytes, address - RAM_BASE);
      return true;
    },
  };
  print(byte: number): void {
    this.printed.push(byte);
  }
  typed(): number | undefined {
    return this.input.shift();
  }
  wait(): void {
    this.done.push('wait');
  }
  power(action: 'off' | 'reset', code: number): void {
    this.done.push(`power ${action} ${code}`);
  }

  /** Makes a call; returns a0 as a signed number, and a1. */
  call(eid: number, fid: number, ...args: bigint[]): { error: number; value: bigint } {
    for (const [index, value] of args.entries()) this.registers[index] = value;
    this.registers[6] = BigInt(fid);
    this.registers[7] = BigInt(eid);
    const before = [...this.registers];
    sbiCall(this);
    expect(this.registers.slice(2)).toEqual(before.slice(2));
    return { error: Number(BigInt.asIntN(64, this.registers[0]!)), value: this.registers[1]! };
  }
}

const call = (eid: number, fid: number, ...args: bigint[]) => {
  const host = new FakeHost();
  return { host, ...host.call(eid, fid, ...args) };
};

const { SUCCESS, FAILED, NOT_SUPPORTED, INVALID_PARAM, ALREADY_AVAILABLE } = SBI_ERROR;

describe('any call', () => {
  const ids = fc.oneof(
    fc.constantFrom(...Object.values(EID)),
    fc.integer({ min: 0, max: 32 }),
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  );
  const arg = fc.oneof(
    fc.bigInt(0n, 4n),
    fc.bigInt(0n, ALL),
    fc.bigInt(-8n, 8n).map((near) => BigInt.asUintN(64, near)),
    fc.bigInt(-8n, BigInt(RAM_BYTES) + 8n).map((near) => BigInt(RAM_BASE) + near),
  );

  test('answers with a standard error code and changes nothing but a0, a1 and its subject', () => {
    fc.assert(
      fc.property(
        ids,
        fc.integer({ min: 0, max: 8 }),
        fc.array(arg, { minLength: 6, maxLength: 6 }),
        (eid, fid, args) => {
          const { host, error, value } = call(eid, fid, ...args);
          if (eid <= EID.SHUTDOWN) expect(value).toBe(args[1]);
          else {
            expect(Object.values(SBI_ERROR)).toContain(error);
            if (error !== SUCCESS) expect([value, host.done, host.printed]).toEqual([0n, [], []]);
            if (error !== SUCCESS) expect(same(host.ram, filled)).toBe(true);
          }
        },
      ),
      { numRuns: examples(2000) },
    );
  });

  test('is known by the low halves of a6 and a7', () => {
    const host = new FakeHost();
    host.registers[6] = 3n + (7n << 32n);
    host.registers[7] = BigInt.asUintN(64, BigInt.asIntN(32, BigInt(EID.BASE))) + (1n << 40n);
    host.registers[0] = BigInt(EID.DBCN);
    sbiCall(host);
    expect(host.registers.slice(0, 2)).toEqual([0n, 1n]);
  });

  test.each([
    [0x09, 0],
    [0x0f, 0],
    [0x0a00_0000, 0],
    [0x504d_55, 0],
    [EID.BASE, 7],
    [EID.TIME, 1],
    [EID.IPI, 1],
    [EID.RFENCE, 3],
    [EID.HSM, 4],
    [EID.SRST, 1],
    [EID.DBCN, 3],
  ])('extension %i, function %i, is not supported', (eid, fid) => {
    expect(call(eid, fid, 0n, 0n)).toMatchObject({ error: NOT_SUPPORTED, value: 0n });
  });
});

test('Base: versions, implementation, and the available extensions', () => {
  expect(call(EID.BASE, 0)).toMatchObject({ error: SUCCESS, value: 0x0200_0000n });
  expect(call(EID.BASE, 1)).toMatchObject({ error: SUCCESS, value: IMPLEMENTATION_ID });
  expect(call(EID.BASE, 2)).toMatchObject({ error: SUCCESS, value: 1n });
  for (const eid of Object.values(EID)) expect(call(EID.BASE, 3, BigInt(eid)).value).toBe(1n);
  for (const eid of [9, 0x11, 0x504d55, 0x5355_5350])
    expect(call(EID.BASE, 3, BigInt(eid))).toMatchObject({ error: SUCCESS, value: 0n });
  for (const fid of [4, 5, 6]) expect(call(EID.BASE, fid)).toMatchObject({ error: SUCCESS, value: 0n });
});

test('TIME: the timer is set, also to never', () => {
  expect(call(EID.TIME, 0, 12345n)).toMatchObject({ error: SUCCESS, value: 0n });
  expect(call(EID.TIME, 0, 12345n).host.done).toEqual(['timer 12345']);
  expect(call(EID.TIME, 0, ALL).host.done).toEqual([`timer ${ALL}`]);
  const old = call(EID.SET_TIMER, 99, 7n, 8n);
  expect(old).toMatchObject({ error: 0, value: 8n });
  expect(old.host.done).toEqual(['timer 7']);
});

/** Masks and bases, and whether they name hart 0, no hart, or a hart that does not exist. */
const masks: [bigint, bigint, 'hart 0' | 'none' | 'wrong'][] = [
  [1n, 0n, 'hart 0'],
  [0n, 0n, 'none'],
  [0n, ALL, 'hart 0'],
  [6n, ALL, 'hart 0'],
  [3n, 0n, 'wrong'],
  [2n, 0n, 'wrong'],
  [1n, 1n, 'wrong'],
  [0n, 5n, 'none'],
];

describe.each(masks)('the harts of mask %i from %i on: %s', (mask, maskBase, who) => {
  test('IPI', () => {
    const { host, error } = call(EID.IPI, 0, mask, maskBase);
    expect(error).toBe(who === 'wrong' ? INVALID_PARAM : SUCCESS);
    expect(host.softwareInterrupt).toBe(who === 'hart 0');
  });

  test.each([0, 1, 2])('RFENCE, function %i', (fid) => {
    expect(call(EID.RFENCE, fid, mask, maskBase, 0n, ALL, 1n).error).toBe(
      who === 'wrong' ? INVALID_PARAM : SUCCESS,
    );
  });
});

describe('HSM', () => {
  test('the one hart runs, and cannot be started or stopped', () => {
    expect(call(EID.HSM, 0, 0n, 0x8020_0000n)).toMatchObject({ error: ALREADY_AVAILABLE });
    expect(call(EID.HSM, 0, 1n, 0x8020_0000n)).toMatchObject({ error: INVALID_PARAM });
    expect(call(EID.HSM, 1)).toMatchObject({ error: FAILED });
    expect(call(EID.HSM, 2, 0n)).toMatchObject({ error: SUCCESS, value: 0n });
    expect(call(EID.HSM, 2, 1n)).toMatchObject({ error: INVALID_PARAM });
  });

  test('it is suspended as by WFI; a suspension that loses registers is not supported', () => {
    expect(call(EID.HSM, 3, 0n)).toMatchObject({ error: SUCCESS, value: 0n });
    expect(call(EID.HSM, 3, 0n).host.done).toEqual(['wait']);
    expect(call(EID.HSM, 3, 0x8000_0000n)).toMatchObject({ error: NOT_SUPPORTED });
    for (const type of [1n, 0x1000_0000n, 0x8000_0001n, 0x9000_0000n])
      expect(call(EID.HSM, 3, type)).toMatchObject({ error: INVALID_PARAM });
  });
});

describe('SRST', () => {
  test.each([
    [0n, 0n, 'power off 0'],
    [0n, 1n, 'power off 1'],
    [1n, 0n, 'power reset 0'],
    [2n, 1n, 'power reset 0'],
  ])('type %i for reason %i', (type, reason, done) => {
    expect(call(EID.SRST, 0, type, reason).host.done).toEqual([done]);
  });

  test.each([
    [3n, 0n],
    [0xf000_0000n, 0n],
    [0n, 2n],
    [0n, 0xe000_0000n],
    [1n, 0xffff_ffffn],
  ])('type %i for reason %i is refused', (type, reason) => {
    const { host, error } = call(EID.SRST, 0, type, reason);
    expect([error, host.done]).toEqual([INVALID_PARAM, []]);
  });
});

describe('DBCN', () => {
  const address = fc.integer({ min: RAM_BASE - 5, max: RAM_BASE + RAM_BYTES + 5 });
  const size = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: RAM_BYTES + 5 }));
  const isRam = (at: number, sizeBytes: number) =>
    sizeBytes === 0 || (at >= RAM_BASE && at + sizeBytes <= RAM_BASE + RAM_BYTES);

  test('writes bytes from RAM, and from nowhere else', () => {
    fc.assert(
      fc.property(address, size, (at, sizeBytes) => {
        const { host, error, value } = call(EID.DBCN, 0, BigInt(sizeBytes), BigInt(at), 0n);
        if (!isRam(at, sizeBytes)) {
          expect([error, host.printed]).toEqual([INVALID_PARAM, []]);
          return;
        }
        const count = Math.min(sizeBytes, CONSOLE_BYTES);
        expect([error, value]).toEqual([SUCCESS, BigInt(count)]);
        expect(same(host.printed, filled.subarray(at - RAM_BASE, at - RAM_BASE + count))).toBe(true);
      }),
    );
  });

  test('reads typed bytes, and leaves the rest', () => {
    fc.assert(
      fc.property(address, size, fc.array(fc.nat(255), { maxLength: 30 }), (at, sizeBytes, typed) => {
        const host = new FakeHost();
        const before = filled.slice();
        host.input = [...typed];
        const { error, value } = host.call(EID.DBCN, 1, BigInt(sizeBytes), BigInt(at), 0n);
        if (!isRam(at, sizeBytes)) {
          expect([error, host.input, same(host.ram, before)]).toEqual([INVALID_PARAM, typed, true]);
          return;
        }
        const count = Math.min(sizeBytes, typed.length);
        expect([error, value]).toEqual([SUCCESS, BigInt(count)]);
        expect(host.input).toEqual(typed.slice(count));
        if (count > 0) before.set(typed.slice(0, count), at - RAM_BASE);
        expect(same(host.ram, before)).toBe(true);
      }),
    );
  });

  test.each([
    ['an address beyond 64 bits', 4n, BigInt(RAM_BASE), 1n],
    ['a size that wraps around', ALL, BigInt(RAM_BASE) + 1n, 0n],
    ['the end of the address space', 16n, ALL - 3n, 0n],
  ])('%s is refused', (_, sizeBytes, low, high) => {
    for (const fid of [0, 1]) expect(call(EID.DBCN, fid, sizeBytes, low, high).error).toBe(INVALID_PARAM);
  });

  test('writes a byte', () => {
    const { host, error, value } = call(EID.DBCN, 2, 0x141n);
    expect([error, value, host.printed]).toEqual([SUCCESS, 0n, [0x41]]);
  });
});

describe('the legacy calls', () => {
  test('putchar and getchar', () => {
    expect(call(EID.CONSOLE_PUTCHAR, 0, 0x2_41n).host.printed).toEqual([0x41]);
    const host = new FakeHost();
    host.input = [200];
    expect(host.call(EID.CONSOLE_GETCHAR, 0, 5n, 6n)).toEqual({ error: 200, value: 6n });
    expect(host.call(EID.CONSOLE_GETCHAR, 0, 5n, 6n)).toEqual({ error: -1, value: 6n });
  });

  test('send_ipi and clear_ipi', () => {
    const host = new FakeHost();
    expect(host.call(EID.SEND_IPI, 0, 0xffff_ffff_8000_0000n).error).toBe(0);
    expect(host.softwareInterrupt).toBe(true);
    expect(host.call(EID.CLEAR_IPI, 0).error).toBe(1);
    expect(host.softwareInterrupt).toBe(false);
    expect(host.call(EID.CLEAR_IPI, 0).error).toBe(0);
  });

  test.each([EID.REMOTE_FENCE_I, EID.REMOTE_SFENCE_VMA, EID.REMOTE_SFENCE_VMA_ASID])('fence %i', (eid) => {
    expect(call(eid, 0, 0n, 0n, ALL)).toMatchObject({ error: 0, value: 0n });
  });

  test('shutdown', () => {
    expect(call(EID.SHUTDOWN, 0).host.done).toEqual(['power off 0']);
  });
});
