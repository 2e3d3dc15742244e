/** Draws marks on a canvas, in the colours of the style sheet. */
import type { Drawing, Ink, Mark } from '../model/marks.ts';

/** The custom properties of the inks. */
const inks: readonly Ink[] = [
  ...(['ink', 'dim', 'line', 'grid', 'live', 'follow', 'live-fill', 'follow-fill'] as const),
  ...(['held', 'out', 'fault', 'fault-fill', 'storage', 'storage-fill', 'ack'] as const),
];

/** The colours of the present scheme. A custom property has its text, so an element resolves it. */
export function palette(): Record<Ink, string> {
  const probe = document.createElement('span');
  document.body.append(probe);
  const colours = inks.map((ink) => {
    probe.style.color = `var(--${ink})`;
    return [ink, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(colours);
}

const HEAD = 6;
const HATCH = 6;

/** Draws the marks; the canvas gets the pixels that the display has. */
export function paint(canvas: HTMLCanvasElement, drawing: Drawing, colours: Record<Ink, string>): void {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(drawing.width * ratio);
  canvas.height = Math.round(drawing.height * ratio);
  const context = canvas.getContext('2d')!;
  context.scale(ratio, ratio);
  for (const mark of drawing.marks) {
    context.setLineDash('dashed' in mark && mark.dashed ? [4, 3] : []);
    draw(context, mark, colours, drawing);
  }
}

/** Long: a case for each shape. */
function draw(context: CanvasRenderingContext2D, mark: Mark, colours: Record<Ink, string>, drawing: Drawing) {
  switch (mark.shape) {
    case 'rect':
      context.fillStyle = colours[mark.fill];
      context.fillRect(mark.x, mark.y, mark.width, mark.height);
      return;
    case 'box': {
      const { x, y, width, height } = mark;
      context.beginPath();
      context.roundRect(x + 0.5, y + 0.5, Math.max(0, width - 1), height - 1, 2);
      if (mark.fill) {
        context.fillStyle = colours[mark.fill];
        context.fill();
      }
      context.strokeStyle = colours[mark.stroke];
      context.lineWidth = 1;
      context.stroke();
      return;
    }
    case 'hatch':
      return hatch(context, mark, colours.line);
    case 'line':
      context.strokeStyle = colours[mark.stroke];
      context.lineWidth = mark.width;
      context.beginPath();
      for (const [x, y] of mark.points) context.lineTo(x, y);
      context.stroke();
      return;
    case 'arrow':
      return arrow(context, mark.from, mark.to, colours[mark.stroke], drawing);
    case 'cross':
      context.strokeStyle = colours[mark.stroke];
      context.lineWidth = 2.4;
      context.beginPath();
      for (const [dx, dy] of [
        [4, 4],
        [4, -4],
      ] as const) {
        context.moveTo(mark.x - dx, mark.y - dy);
        context.lineTo(mark.x + dx, mark.y + dy);
      }
      context.stroke();
      return;
    case 'dot':
      context.fillStyle = colours[mark.fill];
      context.beginPath();
      context.arc(mark.x, mark.y, 2.4, 0, 2 * Math.PI);
      context.fill();
  }
}

function hatch(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  colour: string,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let at = Math.floor((x - height) / HATCH) * HATCH; at < x + width; at += HATCH) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

function arrow(
  context: CanvasRenderingContext2D,
  from: readonly [number, number],
  to: readonly [number, number],
  colour: string,
  { left, right, height }: Drawing,
): void {
  context.save();
  context.beginPath();
  context.rect(left, 0, right - left, height);
  context.clip();
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = 1.2;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  context.setLineDash([]);
  context.beginPath();
  context.moveTo(...to);
  for (const side of [-0.42, 0.42])
    context.lineTo(to[0] - HEAD * Math.cos(angle + side), to[1] - HEAD * Math.sin(angle + side));
  context.fill();
  context.restore();
}
