/** Lag and logging channel, from the bins of the whole run. */
import type { Label, Lane, Mark } from './marks.ts';
import type { Run } from './run.ts';
import type { Scale } from './scale.ts';
import { durationText } from './time.ts';

/** The width of a bar of the channel. */
const BAR = 6;

/** The bins that begin within a column. */
function column(
  values: readonly number[],
  widthNs: number,
  scale: Scale,
  x: number,
  width: number,
): number[] {
  const from = Math.ceil(scale.ns(x) / widthNs - 1e-9);
  const to = Math.ceil(scale.ns(x + width) / widthNs - 1e-9);
  return values.slice(Math.max(0, from), Math.max(0, to));
}

/** The lag as a line, and where the run is unprotected. */
export function lagMarks(run: Run, { y, height }: Lane, scale: Scale): [Mark[], Label[]] {
  const { widthNs, series } = run.data.bins;
  const values = series.lag ?? [];
  const most = Math.max(1, ...values);
  const points: [number, number][] = [];
  for (let x = Math.ceil(scale.left); x < scale.right; x++) {
    const peak = Math.max(0, ...column(values, widthNs, scale, x, 1));
    points.push([x, y + height - (height * peak) / most]);
  }
  const [marks, labels] = unprotected(run, y, height, scale);
  return [[...marks, { shape: 'line', points, stroke: 'held', width: 1.4 }], labels];
}

function unprotected(run: Run, y: number, height: number, scale: Scale): [Mark[], Label[]] {
  const marks: Mark[] = [];
  const labels: Label[] = [];
  for (const { fromNs, toNs } of unprotectedSpans(run)) {
    const part = scale.part(fromNs, toNs);
    if (!part) continue;
    marks.push({ shape: 'rect', ...part, y, height: height + 14 + height, fill: 'fault-fill' });
    if (part.width > 50)
      labels.push({
        ...{ x: part.x + 4, y: y + 7, text: `unprotected for ${durationText(toNs - fromNs)}` },
        ...{ anchor: 'start', ink: 'dim', maxWidth: Math.max(part.width, scale.right - part.x) - 6 },
      });
  }
  return [marks, labels];
}

/** Where fewer than two hosts have the machine, with power, as live or following. */
export function unprotectedSpans(run: Run): { fromNs: number; toNs: number }[] {
  const { endNs, backups } = run.data;
  if (backups.length === 0) return [];
  const all = [...run.states.values()].flat();
  const times = [...new Set(all.flatMap(({ fromNs, toNs }) => [fromNs, toNs]))].sort((a, b) => a - b);
  const spans: { fromNs: number; toNs: number }[] = [];
  for (const [index, fromNs] of times.entries()) {
    const toNs = times[index + 1] ?? endNs;
    const able = all.filter(
      ({ value, ...span }) =>
        span.fromNs <= fromNs && span.toNs > fromNs && (value === 'live' || value === 'follows'),
    );
    if (able.length >= 2 || toNs <= fromNs) continue;
    const last = spans.at(-1);
    if (last?.toNs === fromNs) last.toNs = toNs;
    else spans.push({ fromNs, toNs });
  }
  return spans.filter(({ fromNs, toNs }) => toNs - fromNs > endNs / 500);
}

/** Bytes on the logging channel as bars; those of a copy may be off the scale. */
export function channelMarks(run: Run, { y, height }: Lane, scale: Scale): [Mark[], Label[]] {
  const { widthNs, series } = run.data.bins;
  const bars = (name: string): [number, number][] => {
    const all: [number, number][] = [];
    for (let x = scale.left; x < scale.right; x += BAR)
      all.push([x, column(series[name] ?? [], widthNs, scale, x, BAR).reduce((sum, one) => sum + one, 0)]);
    return all;
  };
  const log = bars('channel');
  const copy = bars('copy');
  const most = Math.max(1, ...log.map(([, bytes]) => bytes));
  const marks = (all: [number, number][], fill: 'live' | 'storage'): Mark[] =>
    all.flatMap(([x, bytes]) => {
      const tall = Math.min(height, (height * bytes) / most);
      return bytes > 0
        ? [{ shape: 'rect', x, y: y + height - tall, width: BAR - 1, height: tall, fill }]
        : [];
    });
  const copied = copy.reduce((sum, [, bytes]) => sum + bytes, 0);
  const first = copy.find(([, bytes]) => bytes > 0);
  const labels: Label[] = [];
  if (first && copied > most)
    labels.push({
      ...{ x: first[0] + BAR + 3, y: y + 7, text: `copy: ${sizeText(copied)}, off the scale` },
      ...{ anchor: 'start', ink: 'dim', maxWidth: scale.right - first[0] - BAR },
    });
  return [[...marks(copy, 'storage'), ...marks(log, 'live')], labels];
}

/** A size in bytes. */
export const sizeText = (bytes: number): string =>
  bytes >= 1e6
    ? `${(bytes / 1e6).toPrecision(3)} MB`
    : bytes >= 1e3
      ? `${(bytes / 1e3).toPrecision(3)} kB`
      : `${bytes} B`;
