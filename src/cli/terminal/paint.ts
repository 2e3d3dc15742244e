/** Styled text on a stream: the one place that knows colours. */
import { Chalk, type ChalkInstance } from 'chalk';
import type { Line, Style } from '../../report/styled-text.ts';
import { canRewrite, type Stream } from './abilities.ts';

/** Colour where it is understood, and wanted: https://no-color.org. */
const colourFor = (stream: Stream): ChalkInstance =>
  new Chalk({ level: canRewrite(stream) && !process.env.NO_COLOR ? 1 : 0 });

const looks: Record<Style, (colour: ChalkInstance) => ChalkInstance> = {
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

/** What makes text of a line, as this stream shows it. */
export function painterFor(stream: Stream): (line: Line) => string {
  const colour = colourFor(stream);
  return (line) =>
    line.map((span) => (typeof span === 'string' ? span : looks[span.style](colour)(span.text))).join('');
}
