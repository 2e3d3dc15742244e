/** The parts of a run in words: its chapters, and the end of a story. */
import { timeText } from '../model/time.ts';
import type { Page } from './state.ts';

/** The chapters; each is a way to its time. */
export function Chapters({ page }: { page: Page }) {
  const { chapters, hosts } = page.run.data;
  const { atNs } = page.focus.value;
  const current = chapters.findLastIndex((chapter) => chapter.atNs <= atNs);
  return (
    <ol class="chapters" aria-label="Chapters">
      {chapters.map(({ title, atNs: at, host, text, tone }, index) => (
        <li key={index} class={tone}>
          <button
            type="button"
            aria-current={index === current ? 'step' : undefined}
            onClick={() => page.look({ atNs: at, ...(hosts.includes(host) && { host }) })}
          >
            <b>{title}</b>
            <span class="time">{timeText(at, 1e5)}</span>
            <span class="prose">{text}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

/** The end of a story: what it says, and whether its expectations hold. */
export function Ending({ page }: { page: Page }) {
  const { after, expectations } = page.run.data;
  if (after.length + expectations.length === 0) return null;
  return (
    <section aria-labelledby="expectations">
      <h2 id="expectations">What the story expects</h2>
      {after.map((text) => (
        <p key={text} class="prose">
          {text}
        </p>
      ))}
      <ul class="expectations">
        {expectations.map(({ holds, text }) => (
          <li key={text} class={holds ? 'good' : 'bad'}>
            {holds ? '✓' : '✗'} {text}
          </li>
        ))}
      </ul>
    </section>
  );
}
