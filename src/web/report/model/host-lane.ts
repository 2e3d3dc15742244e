/** The lane of a host: its states, its slices, its position, and the outputs that it holds. */
import type { PageSlice } from '../../../report/page/page-data.ts';
import type { Detail } from './lanes.ts';
import type { Label, Lane, Mark } from './marks.ts';
import { icountAt, type Run, type Span, type State } from './run.ts';
import type { Scale } from './scale.ts';
import { grouped } from './time.ts';

const SLICE_HEIGHT = 8;
const HELD_HEIGHT = 4;

/** The marks and texts of a lane. */
export function hostMarks(run: Run, lane: Lane, scale: Scale, detail: Detail): [Mark[], Label[]] {
  const states = run.states.get(lane.name) ?? [];
  const [held, heldLabels] = heldMarks(run, lane, scale);
  const drawn = states.map((state) => stateMarks(run, lane, scale, state));
  return [
    [
      ...drawn.flatMap(([marks]) => marks),
      ...sliceMarks(run, lane, scale),
      ...positionMarks(run, lane, scale),
      ...held,
      ...gapMarks(run, lane, scale),
    ],
    [...drawn.flatMap(([, labels]) => labels), ...(detail === 'detail' ? heldLabels : [])],
  ];
}

function stateMarks(
  run: Run,
  { name, y, height }: Lane,
  scale: Scale,
  { fromNs, toNs, value }: Span<State>,
): [Mark[], Label[]] {
  const part = scale.part(fromNs, toNs);
  if (!part) return [[], []];
  const box = { ...part, y, height };
  const marks: Record<State, Mark> = {
    live: { shape: 'box', ...box, fill: 'live-fill', stroke: 'live' },
    follows: { shape: 'box', ...box, fill: 'follow-fill', stroke: 'live', dashed: true },
    spare: { shape: 'box', ...box, stroke: 'line' },
    copied: { shape: 'box', ...box, stroke: 'storage' },
    'no power': { shape: 'hatch', ...box },
    paused: { shape: 'box', ...box, fill: 'fault-fill', stroke: 'fault', dashed: true },
    stopped: { shape: 'box', ...box, stroke: 'line' },
    'no evidence': { shape: 'box', ...box, stroke: 'line', dashed: true },
  };
  const labels: Label[] = [];
  const inset = value === 'no power' ? 12 : 5;
  const text = value === 'spare' ? 'spare: no machine' : value;
  if (part.width > 34 && value !== 'copied')
    labels.push({
      ...{ x: part.x + inset, y: y + 9, text, anchor: 'start', ink: value === 'live' ? 'live' : 'dim' },
      ...{ strong: value === 'live', maxWidth: part.width - inset - 2 },
    });
  const icount = icountAt(run, name, Math.min(toNs, scale.toNs));
  if (icount !== undefined && part.width > 150 && value !== 'spare' && value !== 'no power')
    labels.push({
      ...{ x: part.x + part.width - 12, y: y + 9, text: grouped(icount), anchor: 'end', ink: 'dim' },
    });
  return [[marks[value]], labels];
}

/** Slices along the bottom, one for each column of pixels at most. */
function sliceMarks(run: Run, { name, y, height }: Lane, scale: Scale): Mark[] {
  const marks: Mark[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const { atNs, endNs, from, to, role } of scale.visible(run.slices.get(name) ?? [])) {
    const part = to > from ? scale.part(atNs, endNs) : undefined;
    if (!part) continue;
    const x = Math.max(end, Math.floor(part.x));
    const width = Math.max(1, Math.ceil(part.x + part.width) - x);
    if (Math.ceil(part.x + part.width) <= end) continue;
    end = x + width;
    const fill = role === 'live' ? 'live' : 'follow';
    marks.push({ shape: 'rect', x, y: y + height - SLICE_HEIGHT, width, height: SLICE_HEIGHT, fill });
  }
  return marks;
}

/** The position over time, as a line from the bottom at step 0 to the top at the last step. */
function positionMarks(run: Run, { name, y, height }: Lane, scale: Scale): Mark[] {
  const slices = run.slices.get(name) ?? [];
  const states = run.states.get(name) ?? [];
  const most = Math.max(1, ...[...run.slices.values()].map((one) => one.at(-1)?.to ?? 0));
  const [top, bottom] = [y + 17, y + height - SLICE_HEIGHT - 2];
  const at = (icount: number) => bottom - (bottom - top) * (icount / most);
  const lines: [number, number][][] = [];
  let points: [number, number][] = [];
  let before: PageSlice | undefined;
  for (const slice of scale.visible(slices)) {
    if (!before || isAnother(states, before, slice)) {
      points = [];
      lines.push(points);
    }
    before = slice;
    add(points, Math.max(scale.left, scale.x(slice.atNs)), at(slice.from));
    add(points, Math.min(scale.right, Math.max(scale.left, scale.x(slice.endNs))), at(slice.to));
  }
  const last = icountAt(run, name, scale.toNs);
  const state = states.findLast(({ fromNs }) => fromNs < scale.toNs);
  if (points.length > 0 && last !== undefined && state)
    add(
      points,
      scale.x(state.value === 'no power' ? Math.max(state.fromNs, scale.fromNs) : scale.toNs),
      at(last),
    );
  return lines
    .filter(({ length }) => length > 1)
    .map((line) => ({ shape: 'line', points: line, stroke: 'ink', width: 1.3 }));
}

/** Whether a host has another machine in a slice than in the one before: one that was copied, or booted. */
const isAnother = (states: readonly Span<State>[], before: PageSlice, slice: PageSlice): boolean =>
  slice.from < before.to ||
  states.some(
    ({ fromNs, value }) =>
      fromNs >= before.endNs && fromNs <= slice.atNs && (value === 'copied' || value === 'no power'),
  );

/** Adds a point unless the last one is in the same column and row of pixels. */
function add(points: [number, number][], x: number, y: number): void {
  const last = points.at(-1);
  if (last && Math.abs(last[0] - x) < 0.5 && Math.abs(last[1] - y) < 0.5) return;
  points.push([x, y]);
}

/** Outputs that are held, along the top. */
function heldMarks(run: Run, { name, y }: Lane, scale: Scale): [Mark[], Label[]] {
  const marks: Mark[] = [];
  const labels: Label[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const { fromNs, toNs, value } of run.held.get(name) ?? []) {
    const part = scale.part(fromNs, toNs);
    if (!part || Math.ceil(part.x + part.width) <= end) continue;
    const width = Math.max(1.5, part.width);
    end = part.x + width;
    marks.push({
      shape: 'rect',
      x: part.x,
      y: y - HELD_HEIGHT - 1,
      width,
      height: HELD_HEIGHT,
      fill: 'held',
    });
    const text = `held until ack ${value.entry}`;
    if (width > 96)
      labels.push({ x: part.x, y: y - 13, text, anchor: 'start', ink: 'held', maxWidth: width });
  }
  return [marks, labels];
}

/** Where events were not kept: the slices as bins. */
function gapMarks(run: Run, { name, y, height }: Lane, scale: Scale): Mark[] {
  const { widthNs, series } = run.data.bins;
  const steps = series[`steps ${name}`] ?? [];
  return run.gaps.flatMap(({ fromNs, toNs }) => {
    const part = scale.part(fromNs, toNs);
    if (!part || part.width < 1) return [];
    const marks: Mark[] = [];
    for (let x = Math.floor(part.x); x < part.x + part.width; x++) {
      const bins = steps.slice(Math.floor(scale.ns(x) / widthNs), Math.ceil(scale.ns(x + 1) / widthNs));
      if (bins.some((count) => count > 0))
        marks.push({
          shape: 'rect',
          x,
          y: y + height - SLICE_HEIGHT,
          width: 1,
          height: SLICE_HEIGHT,
          fill: 'follow',
        });
    }
    return marks;
  });
}
