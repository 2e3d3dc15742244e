/** All events as a table. */
import { useMemo, useState } from 'preact/hooks';
import { firstAt } from '../model/run.ts';
import { describe, kindsOf, matching } from '../model/table.ts';
import { timeText } from '../model/time.ts';
import { Rows } from './rows.tsx';
import type { Page } from './state.ts';

/** The events, of a kind and with certain words. */
export function EventsView({ page }: { page: Page }) {
  const { run, focus, look } = page;
  const [kind, setKind] = useState('turns');
  const [words, setWords] = useState('');
  const events = useMemo(() => matching(run, kind, words), [run, kind, words]);
  const current = Math.max(0, firstAt(events, focus.value.atNs + 1) - 1);
  const choose = (index: number) => {
    const event = events[index];
    if (!event) return;
    const host = event.kind === 'message' ? event.from : event.host;
    look({ atNs: event.atNs, ...(run.data.hosts.includes(host) && { host }) });
  };
  return (
    <section aria-labelledby="events">
      <div class="head">
        <h2 id="events">
          All events{' '}
          <small>
            {events.length} of {run.data.total}
          </small>
        </h2>
        <div class="tools">
          <label>
            kind{' '}
            <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
              {kindsOf(run).map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
          <label>
            with{' '}
            <input
              type="search"
              value={words}
              placeholder="a word, a host"
              onInput={(event) => setWords(event.currentTarget.value)}
            />
          </label>
        </div>
      </div>
      <Rows
        name="Events"
        count={events.length}
        rowHeight={22}
        height={352}
        current={current}
        choose={choose}
        head={
          <div role="row" class="row header" aria-rowindex={1}>
            <span role="columnheader">time</span>
            <span role="columnheader">where</span>
            <span role="columnheader">what</span>
            <span role="columnheader">content</span>
          </div>
        }
        row={(index) => {
          const event = events[index]!;
          const { where, what, text, tone } = describe(event);
          return (
            <div
              key={event.id}
              role="row"
              aria-rowindex={index + 2}
              aria-current={index === current ? 'true' : undefined}
              class={`row ${tone}`}
              onClick={() => choose(index)}
            >
              <span role="cell" class="time">
                {timeText(event.atNs, 1e5)}
              </span>
              <span role="cell" class="host">
                {where}
              </span>
              <span role="cell">{what}</span>
              <span role="cell" class="said">
                {text}
              </span>
            </div>
          );
        }}
      />
    </section>
  );
}
