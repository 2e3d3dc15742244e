/** A timeline: marks on a canvas, texts above it, and the time that is looked at. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Detail } from '../model/lanes.ts';
import type { Drawing, Label } from '../model/marks.ts';
import { icountAt, stateAt } from '../model/run.ts';
import { type Scale, scaleOf } from '../model/scale.ts';
import { grouped, timeText } from '../model/time.ts';
import { drawingOf } from '../model/timeline.ts';
import { paint, palette } from './paint.ts';
import type { Page } from './state.ts';

/** The pointer was pressed at `startNs`, and is at `ns`: moved by a `share` of the width that time has. */
export interface Drag {
  startNs: number;
  ns: number;
  share: number;
  isEnd: boolean;
}

/** What a timeline shows, and what the pointer and the keys do. */
export interface TimelineProps {
  page: Page;
  name: string;
  detail: Detail;
  fromNs: number;
  toNs: number;
  drag?: (drag: Drag) => void;
  onKey?: (key: string) => boolean;
  /** Above the canvas, placed by the scale. */
  over?: (scale: Scale, drawing: Drawing) => ComponentChildren;
}

/** The width of an element, in whole CSS pixels. */
function useWidth(): [{ current: HTMLDivElement | null }, number] {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setWidth(Math.floor(element.current!.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

/** Changes when the colours do. */
function useScheme(): boolean {
  const query = matchMedia('(prefers-color-scheme: dark)');
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const changed = () => setDark(query.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return isDark;
}

/** The timeline of a part of the run, as wide as its place. */
export function Timeline({ page, name, detail, fromNs, toNs, drag, onKey, over }: TimelineProps) {
  const [element, width] = useWidth();
  const isDark = useScheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { run, focus, look } = page;
  const { atNs, host } = focus.value;
  const drawing = useMemo(
    () => (width > 0 ? drawingOf(run, { fromNs, toNs, width, detail }) : undefined),
    [run, fromNs, toNs, width, detail],
  );
  const scale = drawing && scaleOf(fromNs, toNs, drawing.left, drawing.right);
  useLayoutEffect(() => {
    if (drawing) paint(canvas.current!, drawing, palette());
  }, [drawing, isDark]);
  const start = useRef<{ ns: number; x: number } | undefined>(undefined);
  const dragged = useRef(false);
  const place = (event: PointerEvent) => {
    const box = element.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const lane = drawing!.lanes.find(
      (one) => one.kind === 'host' && y >= one.y - 8 && y <= one.y + one.height + 8,
    );
    const ns = scale!.ns(Math.max(drawing!.left, Math.min(x, drawing!.right)));
    return { ns, x, host: lane?.name };
  };
  const pointer = (event: PointerEvent) => {
    if (event.type === 'pointerdown') {
      if (event.button !== 0 || (event.target as Element).closest('button')) return;
      element.current!.setPointerCapture(event.pointerId);
      start.current = place(event);
    } else if (start.current !== undefined) {
      const at = place(event);
      const isEnd = event.type === 'pointerup';
      const { ns: startNs, x } = start.current;
      const isClick = !dragged.current && Math.abs(at.x - x) < 4;
      if (isEnd && isClick) look({ atNs: at.ns, ...(at.host !== undefined && { host: at.host }) });
      else if (!isClick) {
        dragged.current = !isEnd;
        const share = (at.x - x) / (drawing!.right - drawing!.left);
        drag?.({ startNs, ns: at.ns, share, isEnd });
      }
      if (isEnd) start.current = undefined;
    }
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (onKey?.(event.key) || moved(page, event.key, fromNs, toNs)) event.preventDefault();
  };
  const icount = icountAt(run, host, atNs);
  const position = icount === undefined ? '' : `, at instruction ${grouped(icount)}`;
  return (
    <div
      class="timeline"
      ref={element}
      style={{ height: `${drawing?.height ?? 300}px` }}
      onPointerDown={pointer}
      onPointerMove={pointer}
      onPointerUp={pointer}
      onPointerCancel={() => {
        start.current = undefined;
      }}
    >
      <div
        class="surface"
        role="slider"
        tabIndex={0}
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={Math.round(run.data.endNs)}
        aria-valuenow={Math.round(atNs)}
        aria-valuetext={`${timeText(atNs)}, ${host} ${stateAt(run, host, atNs)}${position}`}
        onKeyDown={key}
      >
        <canvas ref={canvas} />
        {drawing?.labels.map((label, index) => (
          <Text key={index} {...label} />
        ))}
        {drawing && scale?.shows(atNs) && <Now page={page} scale={scale} drawing={drawing} />}
      </div>
      {scale && drawing && over?.(scale, drawing)}
    </div>
  );
}

/** Moves the focus: to the next and previous event, and to the ends. */
function moved({ run, focus, look }: Page, key: string, fromNs: number, toNs: number): boolean {
  const { events } = run.data;
  const { atNs, host } = focus.value;
  const hosts = run.data.hosts;
  const turn = (by: number) =>
    look({ host: hosts[(hosts.indexOf(host) + by + hosts.length) % hosts.length]! });
  switch (key) {
    case 'ArrowRight': {
      const next = events.find((event) => event.atNs > atNs + 0.5);
      if (next) look({ atNs: next.atNs });
      return true;
    }
    case 'ArrowLeft': {
      const before = events.findLast((event) => event.atNs < atNs - 0.5);
      if (before) look({ atNs: before.atNs });
      return true;
    }
    case 'ArrowUp':
      turn(-1);
      return true;
    case 'ArrowDown':
      turn(1);
      return true;
    case 'PageDown':
      look({ atNs: atNs + (toNs - fromNs) / 10 });
      return true;
    case 'PageUp':
      look({ atNs: atNs - (toNs - fromNs) / 10 });
      return true;
    case 'Home':
      look({ atNs: fromNs });
      return true;
    case 'End':
      look({ atNs: toNs });
      return true;
  }
  return false;
}

function Text({ x, y, text, anchor, ink, strong, mono, maxWidth }: Label) {
  const shift = anchor === 'start' ? '0' : anchor === 'middle' ? '-50%' : '-100%';
  return (
    <span
      class={`text ${anchor}${strong ? ' strong' : ''}${mono ? ' mono' : ''}`}
      aria-hidden="true"
      style={{
        left: `${x}px`,
        top: `${y}px`,
        color: `var(--${ink === 'line' ? 'dim' : ink})`,
        transform: `translate(${shift}, -50%)`,
        maxWidth: maxWidth === undefined ? 'none' : `${maxWidth}px`,
      }}
    >
      {text}
    </span>
  );
}

/** The time that is looked at, as a line, and the host as a frame. */
function Now({ page, scale, drawing }: { page: Page; scale: Scale; drawing: Drawing }) {
  const { atNs, host } = page.focus.value;
  const x = scale.x(atNs);
  const lane = drawing.lanes.find(({ name }) => name === host);
  return (
    <>
      <i class="now" style={{ left: `${x}px`, height: `${drawing.height - 18}px` }} />
      {lane && <i class="now-at" style={{ left: `${x}px`, top: `${lane.y + lane.height / 2}px` }} />}
    </>
  );
}
