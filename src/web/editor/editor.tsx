/** Edits the source of a program: the code, the assembler's errors, and a draft that is kept. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Diagnostic } from '../../asm/diagnostics.ts';
import { type CheckState, Checks } from './checks.ts';
import type { CodeView, OpenCodeView } from './code-view.ts';
import type { Drafts } from './drafts.ts';

/** What the editor of a program is given. */
export interface EditorProps {
  /** The program's name: of its draft, too. */
  name: string;
  /** The name of the source in the assembler's errors. */
  file: string;
  /** The bundled source. */
  source: string;
  drafts: Drafts;
  /** The assembler's errors in a source; none if it assembles. A rejection is shown as a message. */
  check(source: string): Promise<readonly Diagnostic[]>;
  /** Runs a source that assembles: the button, or Ctrl-Enter. */
  onRun(source: string): void;
  /** Loads the editor of code; see {@link codeViewOf} in load.ts. */
  load(): Promise<OpenCodeView>;
}

/** How long nothing is typed before the source is assembled. */
const DELAY_MS = 250;
const MAX_SHOWN = 8;

/** The editor. It takes its source from the draft, if there is one, and may be closed and opened at any time. */
export function Editor({ name, file, source: bundled, drafts, check, onRun, load }: EditorProps) {
  // As the editor of code has it.
  const source = bundled.replaceAll(/\r\n?/g, '\n');
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<CodeView>(undefined);
  const [problem, setProblem] = useState<string>();
  const [draft, setDraft] = useState<{ isEdited: boolean; isStored: boolean }>();
  // Those of the present program; the functions are of the latest render.
  const latest = useRef({ check, onRun });
  latest.current = { check, onRun };
  const checks = useMemo(() => new Checks((text) => latest.current.check(text), DELAY_MS), [name, source]);
  const state = checks.state.value;
  const isOwn = (error: Diagnostic) => error.file === file;

  const run = async () => {
    const text = view.current?.text;
    if (text === undefined) return;
    const now = await checks.now(text);
    if (now?.kind !== 'checked') return;
    const [first] = now.errors;
    if (!first) latest.current.onRun(text);
    else if (isOwn(first)) view.current?.goTo(first.line, first.column);
  };

  useEffect(() => {
    let isOpen = true;
    const element = place.current!;
    const before = drafts.get(name);
    setDraft({ isEdited: before !== undefined, isStored: true });
    setProblem(undefined);
    const changed = () => {
      const { text } = view.current!;
      const isEdited = text !== source;
      setDraft({ isEdited, isStored: drafts.set(name, isEdited ? text : undefined) });
      checks.later(text);
    };
    load().then(
      (open) => {
        if (!isOpen) return;
        const text = before ?? source;
        view.current = open(element, { label: `Source of ${name}`, text, changed, run: () => void run() });
        void checks.now(text);
      },
      (error: Error) => {
        if (isOpen) setProblem(error.message);
      },
    );
    return () => {
      isOpen = false;
      checks.stop();
      view.current?.close();
      view.current = undefined;
    };
  }, [name, source]);

  useLayoutEffect(() => {
    if (state.kind !== 'checking')
      view.current?.show(state.kind === 'checked' ? state.errors.filter(isOwn) : []);
  }, [state]);

  return (
    <section class="editor" aria-labelledby="editor">
      <div class="head">
        <h2 id="editor">
          {file} <small>{draftText(draft)}</small>
        </h2>
        <div class="tools">
          <button
            type="button"
            disabled={!draft?.isEdited}
            onClick={() => {
              view.current?.replace(source);
              view.current?.focus();
            }}
          >
            revert to the bundled source
          </button>
          <button type="button" class="primary" aria-keyshortcuts="Control+Enter" onClick={() => void run()}>
            Run
          </button>
        </div>
      </div>
      {problem === undefined ? (
        <div class="code" ref={place} />
      ) : (
        <p class="bad">The editor can't be opened: {problem}</p>
      )}
      <p class={`assembled ${toneOf(state)}`} role="status">
        {statusText(state)}
      </p>
      {state.kind === 'checked' && state.errors.length > 0 && (
        <Errors errors={state.errors} {...{ isOwn }} goTo={(at) => view.current?.goTo(at.line, at.column)} />
      )}
      <p class="hint">Ctrl-Enter runs the source; Tab indents; Escape, then Tab, leaves the editor.</p>
    </section>
  );
}

const draftText = (draft: { isEdited: boolean; isStored: boolean } | undefined): string => {
  if (!draft?.isEdited) return '';
  return draft.isStored
    ? 'edited; the draft is kept in this browser'
    : 'edited; kept while this page is open';
};

const toneOf = (state: CheckState): string =>
  state.kind === 'checking' ? '' : state.kind === 'checked' && state.errors.length === 0 ? 'good' : 'bad';

function statusText(state: CheckState): string {
  if (state.kind === 'checking') return 'assembling …';
  if (state.kind === 'failed') return `not assembled: ${state.message}`;
  const { length } = state.errors;
  return length === 0 ? '✓ assembles' : `✗ ${length === 1 ? '1 error' : `${length} errors`}`;
}

interface ErrorsProps {
  errors: readonly Diagnostic[];
  isOwn: (error: Diagnostic) => boolean;
  goTo: (error: Diagnostic) => void;
}

/** The first errors; one in the source that is edited leads there. */
function Errors({ errors, isOwn, goTo }: ErrorsProps) {
  const more = errors.length - MAX_SHOWN;
  return (
    <ul class="errors" aria-label="Errors">
      {errors.slice(0, MAX_SHOWN).map((error) => {
        const at = `${error.file}:${error.line}:${error.column}`;
        return (
          <li key={`${at} ${error.message}`}>
            {isOwn(error) ? (
              <button type="button" class="mono" onClick={() => goTo(error)}>
                {at}
              </button>
            ) : (
              <span class="mono">{at}</span>
            )}{' '}
            {error.message}
          </li>
        );
      })}
      {more > 0 && <li>and {more} more</li>}
    </ul>
  );
}
