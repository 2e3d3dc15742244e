/** Lays a part of a run out as a timeline. */
import { arrows } from './arrows.ts';
import { channelMarks, lagMarks } from './bins.ts';
import { hostMarks } from './host-lane.ts';
import { type Detail, lanesOf, NARROW, sides } from './lanes.ts';
import type { Drawing, Label, Lane, Mark } from './marks.ts';
import { firstAt, isFault, losesHost, type Run, type State } from './run.ts';
import { Columns, type Scale, scaleOf } from './scale.ts';
import { durationText, grouped, ticks, timeText } from './time.ts';

/** What a timeline shows. */
export interface View {
  fromNs: number;
  toNs: number;
  width: number;
  detail: Detail;
}

/** The marks and texts of a part of the run. Their number depends on the width, not on the run. */
export function drawingOf(run: Run, view: View): Drawing {
  const { data } = run;
  const { lanes, height } = lanesOf(data.hosts, data.backups.length > 0, view, (host) =>
    isIdle(run, host, view),
  );
  const { left, right } = sides(view.width);
  const scale = scaleOf(view.fromNs, view.toNs, left, right);
  const drawing: Drawing = {
    ...{ width: view.width, height, left, right, lanes },
    marks: [],
    labels: lanes.flatMap((lane) => nameOf(run, lane, view.width)),
  };
  const put = (marks: readonly Mark[], labels: readonly Label[] = []) => {
    drawing.marks.push(...marks);
    drawing.labels.push(...labels);
  };
  put(...axis(scale, view, height));
  for (const lane of lanes) {
    if (lane.kind === 'console') put(consoleMarks(run, lane, scale));
    if (lane.kind === 'host') put(...hostMarks(run, lane, scale, view.detail));
    if (lane.kind === 'storage') put(...storageMarks(run, lane, scale));
    if (lane.kind === 'lag') put(...lagMarks(run, lane, scale));
    if (lane.kind === 'channel') put(...channelMarks(run, lane, scale));
  }
  put(...arrows(run, lanes, scale, view.detail));
  if (view.detail === 'detail') put(...silenceMarks(run, lanes, scale));
  put(...faultMarks(run, lanes, scale));
  return drawing;
}

/** What a host without a machine is. */
const idle = new Set<State>(['spare', 'no power', 'no evidence']);

/** Whether a host has no machine in a part of the run: its lane needs no height. */
const isIdle = (run: Run, host: string, { fromNs, toNs, detail }: View): boolean =>
  detail === 'detail' &&
  (run.states.get(host) ?? []).every(
    (state) => state.toNs <= fromNs || state.fromNs >= toNs || idle.has(state.value),
  );

function nameOf({ data }: Run, { name, kind, y, height }: Lane, width: number): Label[] {
  const isNarrow = width < NARROW;
  const at = isNarrow ? y - 9 : y + Math.min(height / 2, 14);
  const label: Label = { x: 2, y: at, text: name, anchor: 'start', ink: 'ink', strong: true, maxWidth: 78 };
  const most = kind === 'lag' ? Math.max(0, ...(data.bins.series.lag ?? [])) : undefined;
  if (most === undefined) return [label];
  const text = `≤ ${grouped(most)}`;
  const x = isNarrow ? 34 : 2;
  return [label, { ...label, x, y: isNarrow ? at : at + 15, text, ink: 'dim', strong: false, maxWidth: 130 }];
}

function axis(scale: Scale, { width, fromNs, toNs }: View, height: number): [Mark[], Label[]] {
  const marks: Mark[] = [];
  const labels: Label[] = [];
  // As far apart as their texts are long.
  const apart = Math.max(75, 24 + 6.5 * timeText(toNs, toNs - fromNs).length);
  for (const { atNs, text } of ticks(fromNs, toNs, Math.max(2, Math.floor(width / apart)))) {
    const x = scale.x(atNs);
    marks.push({ shape: 'rect', x: Math.round(x), y: 20, width: 1, height: height - 22, fill: 'grid' });
    const anchor = x < scale.left + 24 ? 'start' : x > scale.right - 24 ? 'end' : 'middle';
    labels.push({ x, y: 9, text, anchor, ink: 'dim' });
  }
  return [marks, labels];
}

function consoleMarks(run: Run, { y, height }: Lane, scale: Scale): Mark[] {
  const { left, right } = scale;
  const marks: Mark[] = [{ shape: 'box', x: left, y, width: right - left, height, stroke: 'line' }];
  const columns = new Columns(3);
  for (const { atNs } of scale.visible(run.shown)) {
    const x = scale.x(atNs);
    if (scale.shows(atNs) && columns.isFree(x))
      marks.push({ shape: 'dot', x, y: y + height / 2, fill: 'out' });
  }
  for (const gap of run.gaps) marks.push(...shownInGap(run, gap, y + height / 2, scale, columns));
  return marks;
}

function shownInGap(
  { data }: Run,
  gap: { fromNs: number; toNs: number },
  y: number,
  scale: Scale,
  columns: Columns,
): Mark[] {
  const { widthNs, series } = data.bins;
  return (series.shown ?? []).flatMap((count, bin): Mark[] => {
    const atNs = bin * widthNs;
    const x = scale.x(atNs);
    const isInside = atNs >= gap.fromNs && atNs < gap.toNs && x >= scale.left && x <= scale.right;
    return count > 0 && isInside && columns.isFree(x) ? [{ shape: 'dot', x, y, fill: 'out' }] : [];
  });
}

function storageMarks(run: Run, { y, height }: Lane, scale: Scale): [Mark[], Label[]] {
  const marks: Mark[] = [];
  const labels: Label[] = [];
  for (const { fromNs, toNs, value } of run.generations) {
    const part = scale.part(fromNs, toNs);
    if (!part) continue;
    marks.push({ shape: 'box', ...part, y, height, fill: 'storage-fill', stroke: 'storage' });
    const text = part.width > 190 ? `generation ${value}` : part.width > 110 ? value : value.split(':')[0]!;
    if (part.width > 14)
      labels.push({
        ...{ x: part.x + 6, y: y + height / 2, text, anchor: 'start', ink: 'ink' },
        maxWidth: part.width - 8,
      });
  }
  return [marks, labels];
}

function faultMarks(run: Run, lanes: readonly Lane[], scale: Scale): [Mark[], Label[]] {
  const faults = run.notes.filter(isFault);
  const marks: Mark[] = [];
  const hosts = lanes.filter(({ kind }) => kind === 'host' || kind === 'console' || kind === 'storage');
  const [top, bottom] = [hosts[0]!.y, hosts.at(-1)!.y + hosts.at(-1)!.height];
  for (const fault of faults.slice(0, 200)) {
    const { atNs, host } = fault;
    if (!scale.shows(atNs)) continue;
    const x = scale.x(atNs);
    marks.push({
      shape: 'line',
      points: [
        [x, top],
        [x, bottom],
      ],
      stroke: 'fault',
      width: 1.4,
    });
    const lane = lanes.find(({ name }) => name === host);
    if (lane && losesHost(fault)) marks.push({ shape: 'cross', x, y: lane.y + 12, stroke: 'fault' });
  }
  return [marks, []];
}

/** The silence after which a host suspected another. */
function silenceMarks(run: Run, lanes: readonly Lane[], scale: Scale): [Mark[], Label[]] {
  const marks: Mark[] = [];
  const labels: Label[] = [];
  for (const { what, host, atNs, fields } of run.notes) {
    const lane = lanes.find(({ name }) => name === host);
    const part = what === 'suspected' ? scale.part(atNs - Number(fields.silentNs), atNs) : undefined;
    if (!lane || !part || part.width < 120) continue;
    const y = lane.y + lane.height + 6;
    const points = [[part.x, y] as const, [part.x + part.width, y] as const];
    marks.push({ shape: 'line', points, stroke: 'fault', width: 1.3, dashed: true });
    const text = `silence: ${fields.host} is suspected after ${durationText(Number(fields.silentNs))}`;
    const x = part.x + part.width / 2;
    labels.push({ x, y: y + 10, text, anchor: 'middle', ink: 'fault', maxWidth: part.width });
  }
  return [marks, labels];
}

/** The events that begin in a view, and how many there are. */
export const countIn = (items: readonly { atNs: number }[], fromNs: number, toNs: number): number =>
  firstAt(items, toNs) - firstAt(items, fromNs);
