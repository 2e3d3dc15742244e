/** The editor of the program, and the search for counterexamples: opened when they are wanted. */
import { Editor } from '../../editor/editor.tsx';
import { SearchPanel } from '../../search/panel.tsx';
import type { Playground } from './playground.ts';

/** Two switches, and what they open. */
export function Tools({ play }: { play: Playground }) {
  const { isEditing, isSearching } = play;
  const { name, file, source } = play.program;
  return (
    <>
      <div class="tools switches">
        <button
          type="button"
          aria-expanded={isEditing.value}
          onClick={() => {
            isEditing.value = !isEditing.value;
          }}
        >
          Edit
        </button>
        <button
          type="button"
          aria-expanded={isSearching.value}
          onClick={() => {
            isSearching.value = !isSearching.value;
          }}
        >
          Find a counterexample
        </button>
      </div>
      {isEditing.value &&
        (source === undefined ? (
          <section>
            <p class="hint">{name} is bundled as an ELF file; choose a program in assembly to edit it.</p>
          </section>
        ) : (
          <Editor
            key={name}
            {...{ name, file, source, drafts: play.drafts }}
            check={(text) => play.check(name, text)}
            onRun={(text) => play.runSource(text)}
            load={() => play.loadEditor()}
          />
        ))}
      {isSearching.value && <SearchPanel search={play.search} onOpen={(story) => play.openStory(story)} />}
    </>
  );
}
