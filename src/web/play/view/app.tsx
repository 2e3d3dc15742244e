/** The page: what is run, the runs, and what came of the one that is looked at. */
import { FormView } from './form.tsx';
import type { Playground } from './playground.ts';
import { RunView } from './run-view.tsx';
import { Tabs } from './tabs.tsx';
import { Tools } from './tools.tsx';

/** Defined by the build, from package.json. */
declare const VMFT_VERSION: string;

/** All of the page. */
export function App({ play }: { play: Playground }) {
  const tab = play.tab.value;
  return (
    <>
      <header>
        <h1>
          vmft playground <span>a fault-tolerant virtual machine, simulated in this page</span>
        </h1>
      </header>
      <main>
        <FormView play={play} />
        <Tools play={play} />
        <Tabs play={play} />
        {tab && <RunView play={play} tab={tab} />}
      </main>
      <footer>
        vmft {VMFT_VERSION}. Everything runs in this page: it sends nothing, and needs no network.
      </footer>
    </>
  );
}
