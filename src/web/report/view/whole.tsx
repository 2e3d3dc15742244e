/** The whole run, and the brush that chooses what the detail shows. */
import { useRef } from 'preact/hooks';
import { zoomed } from '../model/focus.ts';
import type { Drawing } from '../model/marks.ts';
import type { Scale } from '../model/scale.ts';
import { timeText } from '../model/time.ts';
import type { Page } from './state.ts';
import { type Drag, Timeline, type TimelineProps } from './timeline.tsx';

const legend = [
  ['box live', 'live'],
  ['box follows', 'follows the log'],
  ['box spare', 'spare'],
  ['box dead', 'no power'],
  ['bar held', 'output held'],
  ['dot out', 'shown'],
  ['stroke entries', 'log entries'],
  ['stroke ack', 'acknowledgement'],
  ['stroke storage', 'storage'],
  ['stroke fault', 'fault'],
] as const;

/** The whole run; the frame is the part that the detail shows. `over`: more that is placed by the scale. */
export function Whole({ page, over }: { page: Page; over?: TimelineProps['over'] }) {
  const { run, focus, look } = page;
  const { endNs } = run.data;
  const held = useRef<'move' | 'from' | 'to' | 'new' | undefined>(undefined);
  const origin = useRef<[number, number]>([0, 0]);
  const drag = ({ startNs, ns, isEnd }: Drag) => {
    const { fromNs, toNs } = focus.value;
    if (held.current === undefined) {
      origin.current = [fromNs, toNs];
      const near = endNs / 80;
      held.current =
        Math.abs(startNs - fromNs) < near
          ? 'from'
          : Math.abs(startNs - toNs) < near
            ? 'to'
            : startNs > fromNs && startNs < toNs
              ? 'move'
              : 'new';
    }
    const [from, to] = origin.current;
    if (held.current === 'move') look({ fromNs: from + ns - startNs, toNs: to + ns - startNs });
    else {
      const other = held.current === 'from' ? to : held.current === 'to' ? from : startNs;
      look({ fromNs: Math.min(other, ns), toNs: Math.max(other, ns) });
    }
    if (isEnd) held.current = undefined;
  };
  return (
    <section aria-labelledby="whole">
      <h2 id="whole">The whole run</h2>
      <ul class="legend" aria-label="Legend">
        {legend.map(([kind, text]) => (
          <li key={text}>
            <i class={`key ${kind}`} />
            {text}
          </li>
        ))}
      </ul>
      <Timeline
        page={page}
        name="Time in the whole run"
        detail="whole"
        fromNs={0}
        toNs={endNs}
        drag={drag}
        onKey={(key) => zoomKey(page, key)}
        over={(scale, drawing) => (
          <>
            <Brush page={page} scale={scale} drawing={drawing} />
            {over?.(scale, drawing)}
          </>
        )}
      />
      {run.gaps.length > 0 && (
        <p class="hint">
          Of {run.data.total} events {run.data.events.length} are kept: those around the turns of the run, and
          the latest. The rest is drawn from sums.
        </p>
      )}
    </section>
  );
}

/** Zooms the detail around the time that is looked at. */
export function zoomKey({ focus, look }: Page, key: string): boolean {
  const factor = { '+': 0.5, '=': 0.5, '-': 2 }[key];
  if (factor === undefined) return false;
  look(zoomed(focus.value, factor, focus.value.atNs));
  return true;
}

function Brush({ page, scale, drawing }: { page: Page; scale: Scale; drawing: Drawing }) {
  const { focus, look, run } = page;
  const { fromNs, toNs } = focus.value;
  const [left, right] = [scale.x(fromNs), scale.x(toNs)];
  const lanes = drawing.lanes.filter(
    ({ kind }) => kind === 'host' || kind === 'console' || kind === 'storage',
  );
  const last = lanes.at(-1)!;
  const top = lanes[0]!.y - 6;
  const box = { top: `${top}px`, height: `${last.y + last.height - top + 5}px` };
  const handle = (name: string, side: 'fromNs' | 'toNs', x: number) => (
    <div
      class="handle"
      role="slider"
      tabIndex={0}
      aria-label={name}
      aria-valuemin={0}
      aria-valuemax={Math.round(run.data.endNs)}
      aria-valuenow={Math.round(focus.value[side])}
      aria-valuetext={timeText(focus.value[side])}
      style={{ ...box, left: `${x}px` }}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        const value = focus.value[side] + (step * run.data.endNs) / 200;
        const other = side === 'fromNs' ? focus.value.toNs : focus.value.fromNs;
        if (side === 'fromNs' ? value < other : value > other) look({ [side]: value });
      }}
    />
  );
  return (
    <>
      <i class="brush" style={{ ...box, left: `${left}px`, width: `${Math.max(2, right - left)}px` }} />
      {handle('The detail begins at', 'fromNs', left)}
      {handle('The detail ends at', 'toNs', right)}
    </>
  );
}
