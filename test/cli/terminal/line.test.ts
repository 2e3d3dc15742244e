import { describe, expect, test } from 'vitest';
import { Line } from '../../../src/cli/terminal/line.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** The effects of keys on a line, key by key. */
function typed(...keys: string[]) {
  const line = new Line();
  const taken = keys.map((key) => line.take(bytes(key)));
  return {
    sent: taken.map(({ sent }) => text(sent)).join(''),
    shown: taken.map(({ shown }) => text(shown)).join(''),
    quit: taken.some(({ quit }) => quit),
  };
}

describe('a line that is typed', () => {
  test.each(['\r', '\n'])('is shown as it is typed, and sent whole with a newline at %j', (enter) => {
    expect(typed('op', 'en me')).toEqual({ sent: '', shown: 'open me', quit: false });
    expect(typed('op', `en me${enter}next`)).toEqual({
      sent: 'open me\n',
      shown: 'open me\r\nnext',
      quit: false,
    });
  });

  test('is corrected with backspace, by whole characters, and erased with Ctrl-U', () => {
    expect(typed('\x7f', 'axö', '\x7f\x08', 'b\r')).toMatchObject({
      sent: 'ab\n',
      shown: 'axö\b \b\b \bb\r\n',
    });
    expect(typed('gone', '\x15', 'kept\r').sent).toBe('kept\n');
  });

  test('has a maximum length', () => {
    expect(typed('x'.repeat(10_000), '\r').sent).toHaveLength(4096);
  });

  test('ends the run at Ctrl-C, or at Ctrl-D while it is empty; other control keys are ignored', () => {
    expect(typed('abc', '\x03')).toMatchObject({ sent: '', quit: true });
    expect(typed('\x04').quit).toBe(true);
    expect(typed('abc', '\x04')).toMatchObject({ shown: 'abc', quit: false });
    expect(typed('a\x1b\x07\r').sent).toBe('a\n');
  });
});
