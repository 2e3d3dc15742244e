/** The capabilities of an output stream. */

export interface Stream {
  isTTY?: boolean;
  columns?: number;
}

/** Whether written lines can be rewritten: not with `TERM=dumb`. */
export const canRewrite = ({ isTTY }: Stream): boolean => isTTY === true && process.env.TERM !== 'dumb';
