/** A handle for each fault on the axis of time: dragged, it moves the fault, and the run is made again. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { timeText } from '../../report/model/time.ts';
import type { Page } from '../../report/view/state.ts';
import type { TimelineProps } from '../../report/view/timeline.tsx';
import { eventNs, nearestEventNs } from '../model/steps.ts';
import type { FaultNote } from '../worker/tasks.ts';

type Placed = Parameters<NonNullable<TimelineProps['over']>>;

interface HandlesProps {
  page: Page;
  faults: readonly FaultNote[];
  scale: Placed[0];
  drawing: Placed[1];
  /** Moves the fault with this number; `isNew`: this is the first move of a drag. */
  move: (index: number, atNs: number, isNew: boolean) => void;
  remove: (index: number) => void;
}

/** In pixels; there is room for so many rows. */
const HANDLE_WIDTH = 84;
const ROW_HEIGHT = 17;
const ROWS = 4;

/** The handles; ← and → move one to the next event, Delete removes the fault. */
export function Handles({ page, faults, scale, drawing, move, remove }: HandlesProps) {
  const dragged = useSignal<{ index: number; atNs: number; grip: number } | undefined>(undefined);
  // The first move since the handle got the focus makes a run of its own.
  const isFirst = useRef(true);
  const { run } = page;
  const lanes = drawing.lanes.filter(({ kind }) => kind === 'host' || kind === 'storage');
  const last = lanes.at(-1)!;
  const top = last.y + last.height + 1;
  // One that would be above another is below it.
  const xs = faults.map(({ atNs }) => scale.x(atNs ?? run.data.endNs));
  const rowOf = (index: number) =>
    xs.slice(0, index).filter((x) => Math.abs(x - xs[index]!) < HANDLE_WIDTH).length % ROWS;
  const clamp = (x: number) => Math.max(scale.left, Math.min(x, scale.right));
  const moveTo = (index: number, atNs: number) => {
    move(index, atNs, isFirst.current);
    isFirst.current = false;
  };
  return (
    <>
      {faults.map(({ text, atNs: happenedNs, why }, index) => {
        const hold = dragged.value?.index === index ? dragged.value : undefined;
        const atNs = hold?.atNs ?? happenedNs ?? run.data.endNs;
        const pointer = (event: PointerEvent) => {
          event.stopPropagation();
          if (event.type === 'pointerdown') {
            (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
            isFirst.current = true;
            dragged.value = { index, atNs, grip: event.clientX - clamp(scale.x(atNs)) };
          } else if (event.type === 'pointermove' && hold) {
            const to = nearestEventNs(run, scale.ns(clamp(event.clientX - hold.grip)));
            if (Math.abs(to - hold.atNs) < 1) return;
            dragged.value = { ...hold, atNs: to };
            moveTo(index, to);
          } else if (event.type !== 'pointermove') dragged.value = undefined;
        };
        const key = (event: KeyboardEvent) => {
          const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key] as 1 | -1 | undefined;
          if (event.key === 'Delete') remove(index);
          else if (way === undefined) return;
          else {
            const to = eventNs(run, atNs, way);
            if (to !== undefined) moveTo(index, to);
          }
          event.preventDefault();
          event.stopPropagation();
        };
        return (
          <div
            key={index}
            class={`fault-handle${why === undefined ? '' : ' idle'}`}
            role="slider"
            tabIndex={0}
            aria-label={`When ${text.split('@')[0]}`}
            aria-valuemin={0}
            aria-valuemax={Math.round(run.data.endNs)}
            aria-valuenow={Math.round(atNs)}
            aria-valuetext={why ?? timeText(atNs)}
            title={why === undefined ? text : `${text}: ${why}`}
            style={{ left: `${clamp(scale.x(atNs))}px`, top: `${top + ROW_HEIGHT * rowOf(index)}px` }}
            onPointerDown={pointer}
            onPointerMove={pointer}
            onPointerUp={pointer}
            onPointerCancel={pointer}
            onKeyDown={key}
            onFocus={() => {
              isFirst.current = true;
            }}
          >
            ↔ {text.split(':')[0]}
          </div>
        );
      })}
    </>
  );
}
