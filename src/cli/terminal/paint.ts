/** Prints styled text in colours. */
import { Chalk, type ChalkInstance } from 'chalk';
import type { Line, Style } from '../../report/styled-text.ts';
import { canRewrite, type Stream } from './abilities.ts';

/** Colours if the stream supports them and NO_COLOR is unset (https://no-color.org). */
const colourFor = (stream: Stream): ChalkInstance =>
  new Chalk({ level: canRewrite(stream) && !process.env.NO_COLOR ? 1 : 0 });

const colours: Record<Style, (colour: ChalkInstance) => ChalkInstance> = {
  heading: ({ bold }) => bold,
  aside: ({ dim }) => dim,
  explanation: ({ italic }) => italic,
  console: ({ bold }) => bold,
  primary: ({ cyan }) => cyan,
  backup: ({ magenta }) => magenta,
  command: ({ cyan }) => cyan,
  good: ({ green }) => green,
  live: ({ green }) => green.bold,
  warning: ({ yellow }) => yellow,
  bad: ({ red }) => red,
  alarm: ({ red }) => red.bold,
};

/** A function that formats a line for this stream. */
export function painterFor(stream: Stream): (line: Line) => string {
  const colour = colourFor(stream);
  return (line) =>
    line.map((span) => (typeof span === 'string' ? span : colours[span.style](colour)(span.text))).join('');
}
