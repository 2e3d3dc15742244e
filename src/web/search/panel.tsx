/** "Find a counterexample": searches for a run in which a rule's absence shows, and shrinks it. */
import { type UnsafeRule, unsafeRules } from '../../ft/rules.ts';
import { shellText } from '../../report/shell-text.ts';
import { faultText } from '../../sim/faults/fault-text.ts';
import type { StoryContent } from '../../sim/story/story-text.ts';
import { type Found, searchArguments } from './request.ts';
import type { SearchForm, SearchPhase, SearchState } from './search-state.ts';
import { MAX_RUNS } from './search-state.ts';
import { suggestions } from './suggestions.ts';

/** What the panel is given. */
export interface SearchPanelProps {
  search: SearchState;
  /** Opens the run that was found. */
  onOpen(story: StoryContent): void;
}

const rules = Object.keys(unsafeRules) as UnsafeRule[];

/** The panel. */
export function SearchPanel({ search, onOpen }: SearchPanelProps) {
  const phase = search.phase.value;
  const { request } = search;
  return (
    <section class="search" aria-labelledby="search">
      <h2 id="search">Find a counterexample</h2>
      <p class="hint">
        Runs a program again and again on clusters with random faults. A checker judges each run; the first
        that breaks a promise is shrunk to as few faults as break it.
      </p>
      <Form search={search} />
      {request ? (
        <p class="command">
          <code tabIndex={0}>{shellText(searchArguments(request))}</code>
        </p>
      ) : (
        <p class="bad">The number of runs is a whole number from 1 to {MAX_RUNS}.</p>
      )}
      <Status phase={phase} />
      {'state' in phase && phase.state.found && (
        <Result found={phase.state.found} isFinal={phase.kind === 'ended'} onOpen={onOpen} />
      )}
    </section>
  );
}

function Form({ search }: { search: SearchState }) {
  const form = search.form.value;
  const isRunning = search.phase.value.kind === 'running';
  const set = (field: keyof SearchForm) => (event: Event) =>
    search.set({ [field]: (event.currentTarget as HTMLInputElement | HTMLSelectElement).value });
  return (
    // Not a form: a sandboxed frame may submit none.
    <div
      class="fields"
      role="group"
      aria-label="What is searched"
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target instanceof HTMLInputElement && !isRunning)
          void search.start();
      }}
    >
      <label class="rule">
        Rule that is switched off
        <select value={form.rule} onChange={set('rule')} aria-describedby="rule-text">
          <option value="">none: every rule is kept</option>
          {rules.map((rule) => (
            <option key={rule} value={rule}>
              {rule}
            </option>
          ))}
        </select>
      </label>
      <label>
        Program
        <select value={form.program} onChange={set('program')}>
          {search.programs.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Seed
        <input value={form.seed} onInput={set('seed')} />
      </label>
      <label>
        Runs
        <input
          type="number"
          min={1}
          max={MAX_RUNS}
          aria-invalid={!search.request}
          value={form.runs}
          onInput={set('runs')}
        />
      </label>
      <div class="tools">
        <button
          type="button"
          class="primary"
          disabled={isRunning || !search.request}
          onClick={() => void search.start()}
        >
          Search
        </button>
        <button type="button" disabled={!isRunning} onClick={() => search.cancel()}>
          Cancel
        </button>
      </div>
      <p class="hint" id="rule-text">
        <RuleText rule={form.rule} />
      </p>
    </div>
  );
}

/** What happens without the rule. */
function RuleText({ rule }: { rule: UnsafeRule | '' }) {
  if (rule === '') return <>No violation is expected.</>;
  const { command } = suggestions[rule];
  return (
    <>
      Without {rule}: {unsafeRules[rule]}.
      {command && (
        <>
          {' '}
          It takes slow hosts to show, which are rare here; on the command line: <code>{command}</code>
        </>
      )}
    </>
  );
}

function Status({ phase }: { phase: SearchPhase }) {
  if (phase.kind === 'idle') return null;
  if (phase.kind === 'failed')
    return (
      <p role="alert" class="bad">
        {phase.message}
      </p>
    );
  const { state, request } = phase;
  return (
    <div class="progress">
      {phase.kind === 'running' && !state.found && (
        <progress aria-label="Runs" max={request.runs} value={state.runs} />
      )}
      {/* Announced when the search changes, not with each run. */}
      <p role="status">{statusText(phase)}</p>
      <p class="hint">{figuresText(phase)}</p>
    </div>
  );
}

type Shown = Extract<SearchPhase, { state: unknown }>;

function statusText({ kind, state, request }: Shown): string {
  const { found } = state;
  if (kind === 'running')
    return found ? 'A violation: searching for the smallest run with it …' : 'Searching …';
  if (kind === 'cancelled') return found ? 'Cancelled; this is the smallest run so far.' : 'Cancelled.';
  return found ? 'This is the smallest run with the violation.' : `No violation in ${counted(request.runs)}.`;
}

function figuresText({ state, request, seconds }: Shown): string {
  const { runs, violations, found } = state;
  const tried = found?.tried ?? 0;
  const perSecond = (runs + tried) / seconds;
  return [
    `${runs} of ${counted(request.runs)}`,
    ...(found ? [`${tried} to shrink`] : []),
    violations === 1 ? '1 violation' : `${violations} violations`,
    ...(runs > 0 && seconds > 0 ? [`${perSecond.toFixed(perSecond < 10 ? 1 : 0)} runs a second`] : []),
  ].join(' · ');
}

const counted = (runs: number): string => (runs === 1 ? '1 run' : `${runs} runs`);

interface ResultProps {
  found: Found;
  isFinal: boolean;
  onOpen: (story: StoryContent) => void;
}

function Result({ found: { number, findings, story }, isFinal, onOpen }: ResultProps) {
  const { faults = [], backups, spares, unsafe = [] } = story.spec;
  return (
    <div class="result">
      <h3>
        Run {number}
        {isFinal ? ', shrunk' : ''}
      </h3>
      <ul class="findings">
        {[...new Set(findings.map(({ invariant, message }) => `${invariant}: ${message}`))].map((text) => (
          <li key={text} class="finding">
            <b class="bad">✗</b> {text}
          </li>
        ))}
      </ul>
      <dl class="figures">
        <div>
          <dt>{faults.length === 1 ? 'fault' : 'faults'}</dt>
          <dd>
            {faults.length === 0
              ? 'none needed'
              : faults.map((fault, index) => (
                  <code key={index} class="fault">
                    {faultText(fault)}
                  </code>
                ))}
          </dd>
        </div>
        <div>
          <dt>hosts</dt>
          <dd>
            1 primary, {backups} {backups === 1 ? 'backup' : 'backups'}, {spares}{' '}
            {spares === 1 ? 'spare' : 'spares'}
          </dd>
        </div>
        <div>
          <dt>switched off</dt>
          <dd>{unsafe.length === 0 ? 'nothing' : unsafe.join(', ')}</dd>
        </div>
      </dl>
      <button type="button" class="primary" onClick={() => onOpen(story)}>
        Open this run
      </button>
    </div>
  );
}
