/** Messages between lanes. */
import type { PageMessage } from '../../../report/page/page-data.ts';
import type { Detail } from './lanes.ts';
import type { Ink, Label, Lane, Mark } from './marks.ts';
import type { Run } from './run.ts';
import type { Scale } from './scale.ts';

/** The most arrows of a timeline: with more, the less important kinds are left out. */
const MAX_ARROWS = 500;
/** Arrows of a view with at most so many have their texts. */
const MAX_TEXTS = 14;

/** The kinds from the most important on, with how they are drawn. */
const kinds: readonly { what: readonly string[]; ink: Ink; dashed?: boolean; whole?: boolean }[] = [
  { what: ['claim', 'record', 'read-generation'], ink: 'storage', whole: true },
  { what: ['prepare', 'pages', 'state', 'sectors'], ink: 'storage', whole: true },
  { what: ['release'], ink: 'out' },
  { what: ['entries'], ink: 'live' },
  { what: ['ack'], ink: 'ack', dashed: true },
  { what: ['disk', 'disk-done'], ink: 'storage' },
  { what: ['typed', 'frame'], ink: 'dim' },
  { what: ['members', 'resume', 'pages-ack', 'sectors-ack'], ink: 'storage', dashed: true },
  { what: ['heartbeat', 'available'], ink: 'line', dashed: true },
];

/** The lane of a node: the switch is the world, as the console is. */
const laneOf = (lanes: readonly Lane[], node: string): Lane | undefined =>
  lanes.find(({ name }) => name === (node === 'switch' ? 'console' : node));

/** The arrows of a view. */
export function arrows(run: Run, lanes: readonly Lane[], scale: Scale, detail: Detail): [Mark[], Label[]] {
  const visible = scale.visible(run.messages).filter((message) => scale.shows(endOf(message, scale)));
  const marks: Mark[] = [];
  const labels: Label[] = [];
  let left = MAX_ARROWS;
  for (const { what, ink, dashed, whole } of kinds) {
    const messages = visible.filter((message) => what.includes(message.what));
    const lost = messages.filter((message) => message.lost);
    if ((detail === 'whole' && !whole) || messages.length > left) {
      // What is lost is shown if there is room for that.
      if (detail === 'whole' || lost.length > left) continue;
      messages.splice(0, messages.length, ...lost);
    }
    left -= messages.length;
    for (const message of messages) {
      const drawn = arrow(message, lanes, scale, ink, dashed === true);
      if (!drawn) continue;
      marks.push(...drawn.marks);
      if (visible.length <= MAX_TEXTS * 4 && labels.length < MAX_TEXTS && detail === 'detail')
        labels.push(...textOf(message, drawn, ink));
    }
  }
  return [marks, labels];
}

/** When a message arrived, was lost, or is at the edge of the view. */
const endOf = ({ arrivedNs, lost, atNs }: PageMessage, { toNs }: Scale): number =>
  lost?.atNs ?? arrivedNs[0] ?? Math.max(atNs, toNs);

interface Drawn {
  marks: Mark[];
  middle: [number, number];
  width: number;
}

function arrow(
  message: PageMessage,
  lanes: readonly Lane[],
  scale: Scale,
  ink: Ink,
  dashed: boolean,
): Drawn | undefined {
  const [from, to] = [laneOf(lanes, message.from), laneOf(lanes, message.to)];
  if (!from || !to || message.atNs < scale.fromNs) return undefined;
  const isDown = to.y > from.y;
  const start: [number, number] = [scale.x(message.atNs), isDown ? from.y + from.height : from.y];
  const end: [number, number] = [scale.x(endOf(message, scale)), isDown ? to.y : to.y + to.height];
  const middle: [number, number] = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2];
  const width = Math.abs(end[0] - start[0]);
  if (!message.lost)
    return { marks: [{ shape: 'arrow', from: start, to: end, stroke: ink, dashed }], middle, width };
  // A message that is lost at once gets half of its way. A receiver without power is no fault of the link.
  const at: [number, number] = message.lost.atNs > message.atNs ? end : [start[0], middle[1]];
  const stroke = message.lost.why === 'no-power' ? 'ack' : 'fault';
  const marks: Mark[] = [
    { shape: 'line', points: [start, at], stroke, width: 1.1, dashed },
    { shape: 'cross', x: at[0], y: at[1], stroke },
  ];
  return { marks, middle, width };
}

function textOf({ what, first, last }: PageMessage, { middle, width }: Drawn, ink: Ink): Label[] {
  const numbers = first === undefined || first === last ? (last ?? '') : `${first}–${last}`;
  const text = `${what === 'entries' ? 'log' : what} ${numbers}`.trim();
  const isWanted = ['entries', 'ack', 'release', 'claim', 'record'].includes(what) && width > 30;
  return isWanted ? [{ x: middle[0], y: middle[1] - 1, text, anchor: 'middle', ink }] : [];
}
