/** A part of the run, with the messages between the hosts. */
import { useRef } from 'preact/hooks';
import { zoomed } from '../model/focus.ts';
import { durationText, timeText } from '../model/time.ts';
import { countIn } from '../model/timeline.ts';
import type { Page } from './state.ts';
import { type Drag, Timeline } from './timeline.tsx';
import { zoomKey } from './whole.tsx';

/** The part of the run within the frame. */
export function DetailView({ page }: { page: Page }) {
  const { run, focus, look } = page;
  const { fromNs, toNs } = focus.value;
  const span = toNs - fromNs;
  const origin = useRef<number | undefined>(undefined);
  const drag = ({ share, isEnd }: Drag) => {
    origin.current ??= fromNs;
    const from = Math.max(0, Math.min(origin.current - share * span, run.data.endNs - span));
    look({ fromNs: from, toNs: from + span });
    if (isEnd) origin.current = undefined;
  };
  const middle = (fromNs + toNs) / 2;
  const zoom = (factor: number) => () => look(zoomed(focus.value, factor, middle));
  const shift = (share: number) => () => look({ fromNs: fromNs + share * span, toNs: toNs + share * span });
  return (
    <section aria-labelledby="detail">
      <div class="head">
        <h2 id="detail">
          {timeText(fromNs, span)} – {timeText(toNs, span)}{' '}
          <small>
            {durationText(span)}, {countIn(run.data.events, fromNs, toNs)} events
          </small>
        </h2>
        <div class="tools" role="group" aria-label="The part that is shown">
          <button type="button" onClick={shift(-0.5)} aria-label="Earlier">
            ←
          </button>
          <button type="button" onClick={shift(0.5)} aria-label="Later">
            →
          </button>
          <button type="button" onClick={zoom(0.5)} aria-label="Closer">
            +
          </button>
          <button type="button" onClick={zoom(2)} aria-label="Wider">
            −
          </button>
        </div>
      </div>
      <Timeline
        page={page}
        name="Time in this part of the run"
        detail="detail"
        {...{ fromNs, toNs, drag }}
        onKey={(key) => zoomKey(page, key)}
      />
      <p class="hint">
        Click to look at a time and a host; drag to move; on the keyboard ← → go to the next event, ↑ ↓ to
        another host, + and − zoom.
      </p>
    </section>
  );
}
