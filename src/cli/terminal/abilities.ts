/** What may be written to a stream beside plain text. */

export interface Stream {
  isTTY?: boolean;
  columns?: number;
}

/** Whether what was written can be written over. `TERM=dumb` says that it can't. */
export const canRewrite = ({ isTTY }: Stream): boolean => isTTY === true && process.env.TERM !== 'dumb';
