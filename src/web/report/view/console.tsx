/** The console, line by line, with the host that let each line out. */
import { firstAt } from '../model/run.ts';
import { durationText, timeText } from '../model/time.ts';
import { Rows } from './rows.tsx';
import type { Page } from './state.ts';

/** The console; the line shown last is marked. */
export function ConsoleView({ page }: { page: Page }) {
  const { run, focus, look } = page;
  const { shown } = run;
  const current = Math.max(0, firstAt(shown, focus.value.atNs + 1) - 1);
  const choose = (index: number) => {
    const line = shown[index];
    if (line) look({ atNs: line.atNs, ...(line.host !== '' && { host: line.host }) });
  };
  const takeover = takeoverOf(page);
  return (
    <section aria-labelledby="console">
      <h2 id="console">
        Console <small>who let each line out{takeover}</small>
      </h2>
      {shown.length === 0 ? (
        <p class="hint">The console has shown nothing.</p>
      ) : (
        <Rows
          name="Console"
          count={shown.length}
          rowHeight={20}
          height={360}
          current={current}
          choose={choose}
          row={(index) => {
            const { atNs, host, text } = shown[index]!;
            const isNew = index > 0 && shown[index - 1]!.host !== host;
            return (
              <div
                key={index}
                role="row"
                aria-rowindex={index + 1}
                aria-current={index === current ? 'true' : undefined}
                class={`line by-${run.data.hosts.indexOf(host) % 4}${isNew ? ' taken-over' : ''}`}
                onClick={() => choose(index)}
              >
                <span role="cell" class="time">
                  {timeText(atNs, 1e7)}
                </span>
                <span role="cell" class="host">
                  {host}
                </span>
                <span role="cell" class="mono said">
                  {text.replace(/\n$/, '')}
                </span>
              </div>
            );
          }}
        />
      )}
    </section>
  );
}

/** The time from the last line of a host to the first line of the next one, in words. */
function takeoverOf({ run: { shown } }: Page): string {
  const first = shown.findIndex((line, index) => index > 0 && shown[index - 1]!.host !== line.host);
  if (first < 0) return '';
  const [before, line] = [shown[first - 1]!, shown[first]!];
  return `; ${durationText(line.atNs - before.atNs)} from the last one of ${before.host} to the first of ${line.host}`;
}
