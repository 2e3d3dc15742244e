import { expect, test } from 'vitest';
import { StatusLine } from '../../../src/cli/terminal/status-line.ts';

/** A terminal that counts writes, and a clock that is set by hand. */
function screen(isTTY = true) {
  const written: string[] = [];
  const clock = { ms: 0 };
  let turns = 0;
  const out = { isTTY, write: (text: string) => written.push(text) };
  const line = new StatusLine(
    out,
    () => `turn ${++turns}`,
    () => clock.ms,
  );
  const after = (ms: number) => {
    clock.ms += ms;
    line.show();
  };
  return { line, after, seen: () => written.splice(0) };
}
const bytes = (text: string) => new TextEncoder().encode(text);

test('appears after a second, is renewed each second, and is cleared before other output', () => {
  const { line, after, seen } = screen();
  after(999);
  expect(seen()).toEqual([]);
  after(1);
  after(500);
  after(500);
  expect(seen()).toEqual(['\rturn 1\x1b[K', '\rturn 2\x1b[K']);
  line.clear();
  line.clear();
  expect(seen()).toEqual(['\r\x1b[K']);
});

test('does not appear in the middle of a line of the guest, nor while it prints', () => {
  const { line, after, seen } = screen();
  for (let i = 0; i < 5; i++) {
    line.before(bytes('more\n'));
    after(900);
  }
  expect(seen()).toEqual([]);
  line.before(bytes('# '));
  after(5000);
  expect(seen()).toEqual([]);
  line.before(bytes('ls\n'));
  after(1000);
  line.before(bytes('file\n'));
  expect(seen()).toEqual([expect.stringMatching(/^\rturn/), '\r\x1b[K']);
});

test('appears on terminals only', () => {
  const { line, after, seen } = screen(false);
  after(5000);
  line.before(bytes('text'));
  expect(seen()).toEqual([]);
});
