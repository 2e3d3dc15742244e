/** Rows of equal height, of which only those in view are elements. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

const OVERSCAN = 8;

interface RowsProps {
  name: string;
  count: number;
  rowHeight: number;
  height: number;
  /** The row that is brought into view when it changes. */
  current: number;
  row: (index: number) => ComponentChildren;
  /** Chooses a row, by the keyboard. */
  choose: (index: number) => void;
  head?: ComponentChildren;
}

/** A table; Up, Down, Page Up, Page Down, Home and End choose a row. */
export function Rows({ name, count, rowHeight, height, current, row, choose, head }: RowsProps) {
  const element = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  // The head stays in view.
  const above = head ? rowHeight : 0;
  const shown = Math.min(height, Math.max(1, count) * rowHeight);
  useLayoutEffect(() => {
    const box = element.current!;
    const at = current * rowHeight;
    if (at >= box.scrollTop && at + rowHeight <= box.scrollTop + shown) return;
    box.scrollTop = Math.max(0, at - shown / 2);
    setTop(box.scrollTop);
  }, [current, count]);
  const from = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const to = Math.min(count, Math.ceil((top + shown) / rowHeight) + OVERSCAN);
  const page = Math.max(1, Math.floor(shown / rowHeight) - 1);
  const key = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ...{ ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -count, End: count },
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(count - 1, current + step)));
  };
  return (
    <div role="table" aria-label={name} aria-rowcount={count + (head ? 1 : 0)}>
      <div
        class="rows"
        ref={element}
        role="rowgroup"
        tabIndex={0}
        style={{ height: `${shown + above}px` }}
        onScroll={() => setTop(element.current!.scrollTop)}
        onKeyDown={key}
      >
        {head}
        <div role="presentation" style={{ height: `${count * rowHeight}px` }}>
          <div role="presentation" style={{ transform: `translateY(${from * rowHeight}px)` }}>
            {Array.from({ length: Math.max(0, to - from) }, (_, at) => row(from + at))}
          </div>
        </div>
      </div>
    </div>
  );
}
