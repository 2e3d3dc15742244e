/** The run that is looked at. */

import { stopAfter } from '../../../sim/story/tours.ts';
import { Chapters, Ending } from '../../report/view/chapters.tsx';
import { ConsoleView } from '../../report/view/console.tsx';
import { Counterexample } from '../../report/view/counterexample.tsx';
import { DetailView } from '../../report/view/detail.tsx';
import { EventsView } from '../../report/view/events.tsx';
import { LifeView } from '../../report/view/life.tsx';
import { Command, Verdict } from '../../report/view/verdict.tsx';
import { Whole } from '../../report/view/whole.tsx';
import { ClusterView } from './cluster.tsx';
import { Handles } from './handles.tsx';
import { MachinesView } from './machines.tsx';
import type { Finished, Playground, RunTab } from './playground.ts';
import { Status } from './status.tsx';
import { Transport } from './transport.tsx';

/** What is known of a run: how far it is, why it failed, or all views of its result. */
export function RunView({ play, tab }: { play: Playground; tab: RunTab }) {
  const result = tab.result.value;
  return (
    <div id="run" role="tabpanel" aria-label="The run" aria-busy={tab.isRunning.value}>
      <Status tab={tab} />
      {result && <Result play={play} tab={tab} result={result} />}
    </div>
  );
}

/** The way to the next story of a tour. */
function Next({ play, tab }: { play: Playground; tab: RunTab }) {
  const [kind, name = ''] = tab.from.split(' ');
  const next = kind === 'story' ? stopAfter(name) : undefined;
  if (!next) return null;
  return (
    <div class="tools">
      <button type="button" class="primary" onClick={() => play.openBundled(`story ${next.story}`)}>
        Next: {next.question}
      </button>
    </div>
  );
}

function Result({ play, tab, result }: { play: Playground; tab: RunTab; result: Finished }) {
  const { page, run, setup } = result;
  const { title, subtitle, command } = page.run.data;
  return (
    <>
      <section aria-labelledby="result">
        <h2 id="result">
          {title} <small>{subtitle}</small>
        </h2>
        <Verdict page={page} />
        <Command text={command} />
      </section>
      <Chapters page={page} />
      <Counterexample page={page} />
      <Transport page={page} />
      <Whole
        page={page}
        over={(scale, drawing) => (
          <Handles
            {...{ page, scale, drawing, faults: run.faults }}
            move={(index, atNs, isNew) => play.moveFault(index, atNs, isNew)}
            remove={(index) => play.removeFault(index)}
          />
        )}
      />
      {run.faults.length > 0 && (
        <p class="hint under">
          Drag ↔ to move a fault: the run is made again while you drag. On the keyboard ← → move it by an
          event, Delete removes it.
        </p>
      )}
      <div class="two">
        <ClusterView page={page} result={run} add={(fault) => play.addFault(fault)} />
        <ConsoleView page={page} />
      </div>
      <MachinesView page={page} ask={(query) => play.machines(tab, setup, query)} />
      <DetailView page={page} />
      <LifeView page={page} />
      <EventsView page={page} />
      <Ending page={page} />
      <Next play={play} tab={tab} />
    </>
  );
}
