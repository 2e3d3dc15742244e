import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/base/codec.ts';
import { Htif } from '../../src/devices/htif.ts';
import { RAM_BASE, RAM_BYTES, World } from '../../tools/testing/devices/world.ts';

const TOHOST = RAM_BASE + 0x40;
const FROMHOST = RAM_BASE + 0x80;
const BLOCK = RAM_BASE + 0x100;
const TEXT = RAM_BASE + 0x200;
const nothingTyped = () => undefined;

function words(...values: bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values, (value) => BigInt.asUintN(64, value)).buffer);
}

class Host {
  readonly world = new World();
  readonly htif: Htif;

  constructor(hasFromhost = true) {
    this.htif = new Htif(TOHOST, hasFromhost ? FROMHOST : undefined);
  }

  /** The guest writes to `tohost`. */
  write(command: bigint, typed: () => number | undefined = nothingTyped): this {
    this.world.memory.write(TOHOST, words(command));
    this.htif.written(this.world, typed);
    return this;
  }

  call(...block: bigint[]): this {
    this.world.memory.write(BLOCK, words(...block, 0n, 0n, 0n, 0n));
    return this.write(BigInt(BLOCK));
  }

  word(address: number): bigint {
    const { bytes } = this.world.memory;
    return new DataView(bytes.buffer).getBigUint64(address - RAM_BASE, true);
  }

  get answer(): string {
    return this.word(FROMHOST).toString(16);
  }

  get printed(): string {
    return this.world.outputs
      .map((output) => (output.kind === 'console' ? String.fromCharCode(output.byte) : `<${output.kind}>`))
      .join('');
  }
}

const console_ = (operation: bigint, payload = 0n) => (1n << 56n) | (operation << 48n) | payload;
const GETC = console_(0n);
const PUTC = (byte: string) => console_(1n, BigInt(byte.charCodeAt(0)));

describe('device 0', () => {
  test.each([
    [1n, 0],
    [(7n << 1n) | 1n, 7],
    [(0xffff_ffffn << 1n) | 1n, 0xffff_ffff],
  ])('an odd payload ends the machine: %x', (command, code) => {
    expect(new Host().write(command).world.outputs).toEqual([{ kind: 'power', action: 'off', code }]);
  });

  test('the same number to another device or operation does not', () => {
    for (const command of [(2n << 56n) | 1n, (0xffn << 56n) | 1n, (1n << 48n) | 1n, 2n ** 64n - 1n]) {
      const { world, htif } = new Host().write(command);
      expect([world.outputs, htif.state.unanswered]).toEqual([[], command]);
    }
  });

  test('a call prints, and gets the number of bytes', () => {
    const host = new Host();
    host.world.memory.write(TEXT, new TextEncoder().encode('hello\n'));
    host.call(64n, 1n, BigInt(TEXT), 6n);
    expect([host.printed, host.word(BLOCK), host.word(TOHOST), host.answer]).toEqual([
      'hello\n',
      6n,
      0n,
      '1',
    ]);
  });

  test.each([
    ['to a file that is not open', [64n, 5n, BigInt(TEXT), 6n], -9n],
    ['of what is not in RAM', [64n, 1n, BigInt(RAM_BASE + RAM_BYTES - 3), 6n], -14n],
    ['of more than there is', [64n, 1n, BigInt(TEXT), 2n ** 64n - 1n], -14n],
    ['that is none', [1234n, 1n, 2n, 3n], -38n],
  ])('a call %s has an error for a result', (_, block, error) => {
    const host = new Host().call(...block);
    expect([host.printed, BigInt.asIntN(64, host.word(BLOCK)), host.answer]).toEqual(['', error, '1']);
  });

  test('a call can end the machine', () => {
    expect(new Host().call(93n, 3n).world.outputs).toEqual([{ kind: 'power', action: 'off', code: 3 }]);
  });

  test('the first request without an answer is kept', () => {
    const host = new Host().call(1234n).write(5n << 56n);
    expect(host.htif.state.unanswered).toBe(BigInt(BLOCK));
    expect(new Host().write(BigInt(RAM_BASE - 4096)).htif.state.unanswered).toBe(BigInt(RAM_BASE - 4096));
  });
});

describe('device 1, the console', () => {
  test('prints a byte, and answers with it', () => {
    const host = new Host().write(PUTC('x'));
    expect([host.printed, host.word(TOHOST), host.answer]).toEqual(['x', 0n, '101000000000178']);
  });

  test('returns the byte that was typed', () => {
    const host = new Host().write(GETC, () => 0x41);
    expect([host.word(TOHOST), host.answer, host.htif.state.reading]).toEqual([0n, '100000000000141', false]);
  });

  test('waits for a byte to be typed, and prints meanwhile', () => {
    const host = new Host().write(GETC);
    expect([host.word(TOHOST), host.answer, host.htif.state.reading]).toEqual([0n, '0', true]);
    host.write(PUTC('x'));
    host.htif.offer(host.world, nothingTyped);
    host.htif.offer(host.world, () => 0x42);
    expect([host.answer, host.printed]).toEqual(['100000000000142', 'x']);
    host.htif.offer(host.world, () => expect.unreachable());
  });

  test('another operation is not answered', () => {
    expect(new Host().write(console_(7n)).htif.state.unanswered).toBe(console_(7n));
  });
});

test('a program without fromhost sees tohost cleared', () => {
  const host = new Host(false).write(PUTC('y'));
  host.write(GETC, () => 0x41);
  expect([host.printed, host.word(TOHOST), host.answer]).toEqual(['y', 0n, '0']);
});

test('a store beside tohost is ignored, and so is a tohost outside RAM', () => {
  const host = new Host().write(0n);
  expect([host.world.outputs, host.htif.state.unanswered]).toEqual([[], 0n]);
  new Htif(RAM_BASE + RAM_BYTES - 4, undefined).written(host.world, nothingTyped);
  expect(host.world.memory.refused).toBe(1);
});

test('whatever is written, it terminates with a valid state', () => {
  const address = fc.integer({ min: RAM_BASE - 64, max: RAM_BASE + RAM_BYTES }).map(BigInt);
  const command = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    address,
    fc
      .nat(3)
      .chain((device) => fc.nat(3).map((operation) => (BigInt(device) << 56n) | (BigInt(operation) << 48n))),
  );
  const block = fc.tuple(fc.constantFrom(64n, 93n, 1n), fc.constantFrom(0n, 1n, 2n), address, command);
  fc.assert(
    fc.property(fc.array(fc.tuple(command, block)), (commands) => {
      const host = new Host();
      for (const [one, words_] of commands) host.call(...words_).write(one);
      const { schema, state } = host.htif;
      expect(decode(schema, encode(schema, state))).toEqual(state);
    }),
  );
});
