/** The run that is looked at. */
import { Chapters, Ending } from '../../report/view/chapters.tsx';
import { ConsoleView } from '../../report/view/console.tsx';
import { Counterexample } from '../../report/view/counterexample.tsx';
import { DetailView } from '../../report/view/detail.tsx';
import { EventsView } from '../../report/view/events.tsx';
import { LifeView } from '../../report/view/life.tsx';
import { MachinesView } from '../../report/view/machines.tsx';
import type { Page } from '../../report/view/state.ts';
import { Command, Verdict } from '../../report/view/verdict.tsx';
import { Whole } from '../../report/view/whole.tsx';
import type { Playground, RunTab } from './playground.ts';
import { Status } from './status.tsx';

/** What is known of a run: how far it is, why it failed, or all views of its result. */
export function RunView({ play, tab }: { play: Playground; tab: RunTab }) {
  const result = tab.result.value;
  return (
    <div id="run" role="tabpanel" aria-label="The run" aria-busy={tab.isRunning.value}>
      <Status tab={tab} />
      {result && <Result key={result.page.run.data.title} play={play} tab={tab} page={result.page} />}
    </div>
  );
}

function Result({ page }: { play: Playground; tab: RunTab; page: Page }) {
  const { title, subtitle, command } = page.run.data;
  return (
    <>
      <section aria-labelledby="result" class="result">
        <h2 id="result">
          {title} <small>{subtitle}</small>
        </h2>
        <Verdict page={page} />
        <Command text={command} />
      </section>
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
    </>
  );
}
