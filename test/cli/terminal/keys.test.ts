import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Key, Keys } from '../../../src/cli/terminal/keys.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const shown = (keys: Key[]) =>
  keys.map((key) => (key.kind === 'type' ? new TextDecoder().decode(key.data) : `<${key.kind}>`));
const merged = (keys: Key[]) => shown(keys).join('');

describe('typed bytes', () => {
  test.each([
    ['abc\r', ['abc\r']],
    ['\x03\x04\x1a', ['\x03\x04\x1a']],
    ['a\x01xb', ['a', '<quit>', 'b']],
    ['\x01c\x01h\x01?', ['<crash>', '<help>', '<help>']],
    ['a\x01\x01b', ['a\x01b']],
    ['\x01\x01\x01x', ['\x01', '<quit>']],
    ['\x01zq', ['q']],
    ['\x01', []],
  ])('%j', (typed, expected) => {
    expect(shown(new Keys().take(bytesOf(typed)))).toEqual(expected);
  });

  test('are the same keys however they are split', () => {
    const typed = fc.array(fc.constantFrom('\x01', 'x', 'c', 'h', 'a', '\x01\x01', '\r', 'é'), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(typed, fc.array(fc.nat(20), { maxLength: 5 }), (parts, cuts) => {
        const all = Uint8Array.from(parts.flatMap((part) => [...bytesOf(part)]));
        const ends = [...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
        const keys = new Keys();
        const pieces = ends.map((end, index) => keys.take(all.subarray(ends[index - 1] ?? 0, end)));
        const whole = new Keys().take(all);
        const bytes = (list: Key[]) =>
          list.flatMap((key): (number | string)[] => (key.kind === 'type' ? [...key.data] : [key.kind]));
        expect(bytes(pieces.flat())).toEqual(bytes(whole));
      }),
    );
  });

  test('reach the guest unchanged when every Ctrl-A is doubled', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
        const doubled = Uint8Array.from([...data].flatMap((byte) => (byte === 1 ? [1, 1] : [byte])));
        const typed = new Keys()
          .take(doubled)
          .flatMap((key): (number | string)[] => (key.kind === 'type' ? [...key.data] : ['?']));
        expect(typed).toEqual([...data]);
      }),
    );
    expect(merged(new Keys().take(bytesOf('\x01\x01')))).toBe('\x01');
  });
});
