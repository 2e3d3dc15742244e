/** A page with the guest editor and the search for counterexamples alone, without a worker. */
import { signal } from '@preact/signals';
import { render } from 'preact';
import { AssemblyError, assemble, type Diagnostic } from '../../../src/asm/assemble.ts';
import { storyText } from '../../../src/sim/story/story-text.ts';
import { memoryDefaults } from '../../../src/sim/values/limits.ts';
import type { GuestFiles } from '../../../src/vmm/guest/files.ts';
import { readGuest } from '../../../src/vmm/guest/guest.ts';
import { Drafts } from '../../../src/web/editor/drafts.ts';
import { Editor } from '../../../src/web/editor/editor.tsx';
import { codeViewOf } from '../../../src/web/editor/load.ts';
import { SearchPanel } from '../../../src/web/search/panel.tsx';
import { search } from '../../../src/web/search/search.ts';
import { type Searcher, SearchState } from '../../../src/web/search/search-state.ts';

const textOf = (id: string) => document.getElementById(id)!.textContent;
/** Sources by name. */
const sources: Record<string, string> = JSON.parse(textOf('sources'));

const found = (path: string) => {
  const text = sources[path];
  return text === undefined ? undefined : { name: path, text };
};
const files: GuestFiles = {
  read: (name) => new TextEncoder().encode(sources[name]),
  findIncluded: (included) => found(included)?.name,
};

async function check(source: string): Promise<readonly Diagnostic[]> {
  try {
    assemble(source, { file: 'bank.s', readFile: found });
    return [];
  } catch (error) {
    if (error instanceof AssemblyError) return error.diagnostics;
    throw error;
  }
}

const searcher: Searcher = async (request, progress, signal) => {
  const { description } = readGuest(`${request.guest}.s`, { memory: memoryDefaults.campaign }, files);
  const steps = search(request, { description, input: new Uint8Array(0), clients: 0 });
  for (let step = steps.next(); ; step = steps.next()) {
    progress(step.value);
    if (step.done || signal.aborted) return step.value;
    await new Promise((resolve) => setTimeout(resolve));
  }
};

const drafts = new Drafts(() => localStorage);
const state = new SearchState(
  [
    { name: 'dice', clients: 0 },
    { name: 'hello', clients: 0 },
  ],
  searcher,
);
const isOpen = signal(false);
const said = signal('');

function Page() {
  return (
    <main>
      <h1>Parts of the playground</h1>
      <button type="button" onClick={() => (isOpen.value = !isOpen.value)}>
        Edit
      </button>
      {isOpen.value && (
        <Editor
          {...{ name: 'bank', file: 'bank.s', source: sources['bank.s']!, drafts, check }}
          onRun={(source) => (said.value = source)}
          load={async () => codeViewOf(textOf('editor-script'))}
        />
      )}
      <SearchPanel search={state} onOpen={(story) => (said.value = storyText(story))} />
      <section aria-label="Said">
        <pre class="mono" id="said" style={{ whiteSpace: 'pre-wrap' }}>
          {said.value}
        </pre>
      </section>
    </main>
  );
}

render(<Page />, document.getElementById('page')!);
