/** The page. */
import { Chapters, Ending } from './chapters.tsx';
import { ConsoleView } from './console.tsx';
import { Counterexample } from './counterexample.tsx';
import { DetailView } from './detail.tsx';
import { EventsView } from './events.tsx';
import { LifeView } from './life.tsx';
import { MachinesView } from './machines.tsx';
import type { Page } from './state.ts';
import { Command, Verdict } from './verdict.tsx';
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
  const { title, subtitle, command, playground } = page.run.data;
  return (
    <header>
      <h1>
        {title} <span>{subtitle}</span>
      </h1>
      <Verdict page={page} />
      <Command text={command} />
      {playground !== undefined && (
        <p class="hint">
          <a href={playground}>Open in the playground</a>, while <code>vmft play</code> serves it
        </p>
      )}
    </header>
  );
}
