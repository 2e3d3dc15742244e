/** The page. */
import { useState } from 'preact/hooks';
import { timeText } from '../model/time.ts';
import { ConsoleView } from './console.tsx';
import { Counterexample } from './counterexample.tsx';
import { DetailView } from './detail.tsx';
import { EventsView } from './events.tsx';
import { LifeView } from './life.tsx';
import { MachinesView } from './machines.tsx';
import type { Page } from './state.ts';
import { Whole } from './whole.tsx';

/** All parts of the page, from the verdict to the table of events. */
export function App({ page }: { page: Page }) {
  const { data } = page.run;
  return (
    <>
      <Header page={page} />
      <main>
        <Chapters page={page} />
        <Counterexample page={page} />
        <Whole page={page} />
        <DetailView page={page} />
        <LifeView page={page} />
        <div class="two">
          <MachinesView page={page} />
          <ConsoleView page={page} />
        </div>
        <EventsView page={page} />
        <Ending page={page} />
      </main>
      <footer>Made by vmft {data.version}. This page holds the whole run and needs no network.</footer>
    </>
  );
}

function Header({ page }: { page: Page }) {
  const { title, subtitle, verdict, figures, command, before } = page.run.data;
  const sign = { good: '✓ ', bad: '✗ ', plain: '' }[verdict.tone];
  return (
    <header>
      <h1>
        {title} <span>{subtitle}</span>
      </h1>
      <p class="verdict">
        <b class={verdict.tone}>
          {sign}
          {verdict.text}
        </b>
        {verdict.notes.map((note) => (
          <span key={note}> · {note}</span>
        ))}
      </p>
      {before.map((text) => (
        <p key={text} class="prose">
          {text}
        </p>
      ))}
      <dl class="figures">
        {figures.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Command text={command} />
    </header>
  );
}

/** The command that makes the page again. */
function Command({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard?.writeText(text).then(() => setCopied(true));
  };
  return (
    <div class="command">
      <code tabIndex={0}>{text}</code>
      <button type="button" onClick={copy}>
        {isCopied ? 'copied' : 'copy'}
      </button>
    </div>
  );
}

function Chapters({ page }: { page: Page }) {
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
function Ending({ page }: { page: Page }) {
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
