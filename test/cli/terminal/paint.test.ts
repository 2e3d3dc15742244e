import { afterEach, expect, test, vi } from 'vitest';
import { painterFor } from '../../../src/cli/terminal/paint.ts';
import { type Line, plainText, type Style, styled } from '../../../src/report/styled-text.ts';

const terminal = { isTTY: true };

afterEach(() => vi.unstubAllEnvs());

const styles: Record<Style, string> = {
  heading: '\x1b[1mx\x1b[22m',
  aside: '\x1b[2mx\x1b[22m',
  explanation: '\x1b[3mx\x1b[23m',
  console: '\x1b[1mx\x1b[22m',
  primary: '\x1b[36mx\x1b[39m',
  backup: '\x1b[35mx\x1b[39m',
  command: '\x1b[36mx\x1b[39m',
  good: '\x1b[32mx\x1b[39m',
  live: '\x1b[32m\x1b[1mx\x1b[22m\x1b[39m',
  warning: '\x1b[33mx\x1b[39m',
  bad: '\x1b[31mx\x1b[39m',
  alarm: '\x1b[31m\x1b[1mx\x1b[22m\x1b[39m',
};

test('on a terminal every style has its escape sequences', () => {
  vi.stubEnv('TERM', 'xterm');
  vi.stubEnv('NO_COLOR', '');
  const paint = painterFor(terminal);
  for (const [style, escaped] of Object.entries(styles))
    expect(paint(['a ', styled(style as Style, 'x'), ' b'])).toBe(`a ${escaped} b`);
});

test('without a terminal, or without colours, a line is plain text', () => {
  const line: Line = ['plain, ', styled('alarm', 'styled'), styled('aside', ''), ', and plain'];
  expect(plainText(line)).toBe('plain, styled, and plain');
  expect(painterFor({})(line)).toBe(plainText(line));
  vi.stubEnv('NO_COLOR', '1');
  expect(painterFor(terminal)(line)).toBe(plainText(line));
  vi.stubEnv('NO_COLOR', '');
  vi.stubEnv('TERM', 'dumb');
  expect(painterFor(terminal)(line)).toBe(plainText(line));
});
