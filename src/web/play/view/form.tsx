/** What is run: a story or a program, its seed, faults and rules. */
import { type UnsafeRule, unsafeRules } from '../../../ft/rules.ts';
import { faultForms } from '../../../sim/faults/fault-forms.ts';
import { tours } from '../../../sim/story/tours.ts';
import { programNames } from '../model/guests.ts';
import type { Form } from '../model/setup.ts';
import type { Playground } from './playground.ts';

const rules = Object.entries(unsafeRules) as [UnsafeRule, string][];

/** The form. */
export function FormView({ play }: { play: Playground }) {
  const { form, problem, tab } = play;
  const { from, seed, faults, unsafe } = form.value;
  const set = (fields: Partial<Form>) => {
    form.value = { ...form.value, ...fields };
  };
  const isRunning = tab.value?.isRunning.value ?? false;
  return (
    <section aria-labelledby="setup">
      <h2 id="setup">What is run</h2>
      <form
        class="setup"
        onSubmit={(event) => {
          event.preventDefault();
          play.runForm();
        }}
      >
        <label class="from">
          story or program
          <select value={from} onChange={(event) => play.choose(event.currentTarget.value)}>
            <Choices play={play} />
          </select>
        </label>
        <label class="seed">
          seed
          <input value={seed} onInput={(event) => set({ seed: event.currentTarget.value })} />
        </label>
        <label class="faults">
          faults, one in each line
          <textarea
            class="mono"
            rows={Math.max(2, Math.min(6, faults.split('\n').length))}
            value={faults}
            spellcheck={false}
            placeholder="none"
            aria-describedby={problem.value === undefined ? undefined : 'problem'}
            aria-invalid={problem.value !== undefined}
            onInput={(event) => set({ faults: event.currentTarget.value })}
          />
        </label>
        <div class="go">
          <button type="submit" class="run">
            Run
          </button>
          {isRunning && (
            <button type="button" onClick={() => play.cancel()}>
              Cancel
            </button>
          )}
        </div>
        <details class="wide">
          <summary>rules that are switched off: {unsafe.length === 0 ? 'none' : unsafe.join(', ')}</summary>
          <ul class="rules">
            {rules.map(([rule, meaning]) => (
              <li key={rule}>
                <label>
                  <input
                    type="checkbox"
                    checked={unsafe.includes(rule)}
                    onChange={({ currentTarget: { checked } }) =>
                      set({ unsafe: checked ? [...unsafe, rule] : unsafe.filter((one) => one !== rule) })
                    }
                  />
                  <b>{rule}</b> <span>{meaning}</span>
                </label>
              </li>
            ))}
          </ul>
        </details>
        <details class="wide">
          <summary>how faults are written</summary>
          <ul class="rules">
            {Object.values(faultForms).map(([shape, example, meaning]) => (
              <li key={shape}>
                <button
                  type="button"
                  class="mono"
                  onClick={() => set({ faults: faults.trim() === '' ? example : `${faults}\n${example}` })}
                >
                  {example}
                </button>{' '}
                <span>
                  <code>{shape}</code>: {meaning}
                </span>
              </li>
            ))}
          </ul>
        </details>
      </form>
      {problem.value !== undefined && (
        <p id="problem" class="bad" role="alert">
          ✗ {problem.value}
        </p>
      )}
    </section>
  );
}

function Choices({ play: { files } }: { play: Playground }) {
  return (
    <>
      <optgroup label="programs">
        {programNames(files).map((name) => (
          <option key={name} value={`program ${name}`}>
            {name}
          </option>
        ))}
      </optgroup>
      {tours.map(({ title, stops }) => (
        <optgroup key={title} label={`stories: ${title}`}>
          {stops.map(({ story, question }) => (
            <option key={story} value={`story ${story}`}>
              {question} ({story})
            </option>
          ))}
        </optgroup>
      ))}
    </>
  );
}
