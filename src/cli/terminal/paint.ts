/** Prints styled text in colours. */
import { inspect } from 'node:util';
import type { Line, Style } from '../../report/styled-text.ts';
import { canRewrite, type Stream } from './abilities.ts';

/** What a style switches on, in the names of Node's table of SGR parameters (ECMA-48, section 8.3.117). */
const colours: Record<Style, readonly (keyof typeof inspect.colors)[]> = {
  heading: ['bold'],
  aside: ['dim'],
  explanation: ['italic'],
  console: ['bold'],
  primary: ['cyan'],
  backup: ['magenta'],
  command: ['cyan'],
  good: ['green'],
  live: ['green', 'bold'],
  warning: ['yellow'],
  bad: ['red'],
  alarm: ['red', 'bold'],
};

const sgr = (parameter: number): string => `\x1b[${parameter}m`;

/** Switches a style on before the text and off after it, in the reverse order. */
function coloured(style: Style, text: string): string {
  const codes = colours[style].map((name) => inspect.colors[name]!);
  const off = codes.toReversed().map((pair) => sgr(pair[1]));
  return [...codes.map((pair) => sgr(pair[0])), text, ...off].join('');
}

/** A function that formats a line for this stream: with colours if it supports them and NO_COLOR is unset (https://no-color.org). */
export function painterFor(stream: Stream): (line: Line) => string {
  const hasColours = canRewrite(stream) && !process.env.NO_COLOR;
  return (line) =>
    line
      .map((span) => {
        if (typeof span === 'string') return span;
        return hasColours ? coloured(span.style, span.text) : span.text;
      })
      .join('');
}
