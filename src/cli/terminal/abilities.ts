/** What may be written to a stream beside plain text. */
import { Chalk, type ChalkInstance } from 'chalk';

interface Stream {
  isTTY?: boolean;
  columns?: number;
}

/** Whether what was written can be written over. `TERM=dumb` says that it can't. */
export const canRewrite = ({ isTTY }: Stream): boolean => isTTY === true && process.env.TERM !== 'dumb';

/** Colour where it is understood, and wanted: https://no-color.org. */
export const colourFor = (stream: Stream): ChalkInstance =>
  new Chalk({ level: canRewrite(stream) && !process.env.NO_COLOR ? 1 : 0 });
