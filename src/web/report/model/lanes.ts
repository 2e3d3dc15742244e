/** Where the lanes of a timeline are. */
import type { Lane } from './marks.ts';

/** How much a timeline shows: the whole run in little height, or messages between lanes with room for them. */
export type Detail = 'whole' | 'detail';

/** Below this width the names stand above the lanes. */
export const NARROW = 620;
const GUTTER = 84;
const AXIS = 24;
const NAME = 17;
/** The height of a host that has no machine. */
const IDLE = 22;

/** The part of the width that time has. */
export const sides = (width: number): { left: number; right: number } => ({
  left: width < NARROW ? 2 : GUTTER,
  right: width - (width < NARROW ? 2 : 10),
});

const heights: Record<Detail, Record<Lane['kind'], number>> = {
  whole: { console: 18, host: 42, storage: 20, lag: 34, channel: 34 },
  detail: { console: 20, host: 50, storage: 20, lag: 0, channel: 0 },
};
const gaps: Record<Detail, number> = { whole: 10, detail: 34 };

/** The lanes from top to bottom, and the height of all. */
export function lanesOf(
  hosts: readonly string[],
  isProtected: boolean,
  { detail, width }: { detail: Detail; width: number },
  isIdle: (host: string) => boolean,
): { lanes: Lane[]; height: number } {
  const kinds: [string, Lane['kind']][] = [
    ['console', 'console'],
    ...hosts.map((host): [string, 'host'] => [host, 'host']),
    ...(isProtected ? ([['storage', 'storage']] as const) : []),
    ...(detail === 'whole' && isProtected
      ? ([
          ['lag', 'lag'],
          ['channel', 'channel'],
        ] as const)
      : []),
  ].map(([name, kind]) => [name, kind as Lane['kind']]);
  const above = width < NARROW ? NAME : 0;
  let y = AXIS;
  const lanes = kinds.map(([name, kind]): Lane => {
    const height = isIdle(name) ? IDLE : heights[detail][kind];
    const lane = { name, kind, y: y + above, height };
    const isLast = kind === 'lag' || kind === 'channel' || kind === 'storage';
    y += above + height + (isLast && detail === 'whole' ? 14 : gaps[detail]);
    return lane;
  });
  const last = lanes.at(-1)!;
  return { lanes, height: last.y + last.height + (detail === 'detail' ? 12 : 6) };
}
