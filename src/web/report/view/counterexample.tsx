/** What the checkers have found, and how it came about: entry, registers, memory, discovery. */
import type { PageData } from '../../../report/page/page-data.ts';
import { placeOf } from '../model/outputs.ts';
import { grouped, timeText } from '../model/time.ts';
import { Hex } from './machines.tsx';
import type { Page } from './state.ts';

const MAX_REGISTERS = 6;

/** Nothing, unless a checker has found something. */
export function Counterexample({ page }: { page: Page }) {
  const { data, notes } = page.run;
  if (data.findings.length === 0) return null;
  const found = notes.find(({ what }) => what === 'diverged');
  return (
    <section aria-labelledby="counterexample" class="found">
      <h2 id="counterexample">Counterexample</h2>
      <ul class="findings">
        {data.findings.map(({ title, text, output }, index) => (
          <li key={index}>
            <b class="bad">✗ {title}</b> <span class="finding">{text}</span>
            <ToOutput page={page} number={output} />
          </li>
        ))}
      </ul>
      <ol class="chain">
        {steps(data).map(({ title, body }) => (
          <li key={title}>
            <b>{title}</b>
            {body}
          </li>
        ))}
        {found && (
          <li>
            <b>found by the check</b>
            <button type="button" onClick={() => page.look({ atNs: found.atNs, host: found.host })}>
              {timeText(found.atNs)}, on {found.host}
            </button>
          </li>
        )}
      </ol>
    </section>
  );
}

/** Leads to where an output was made. */
function ToOutput({ page: { run, lives, look }, number }: { page: Page; number: number | undefined }) {
  const place = number === undefined ? undefined : placeOf(run, lives, number);
  if (!place) return null;
  return (
    <button type="button" onClick={() => look({ atNs: place.atNs, host: place.host })}>
      output {grouped(number!)}
    </button>
  );
}

function steps({ machines }: PageData) {
  if (!machines || machines.equal) return [];
  const { firstDifference, registers, devices, pages, names } = machines;
  const differing = registers.filter(({ a, b }) => a !== b);
  const entry = firstDifference && {
    title: `entry ${firstDifference.number} differs`,
    body: (
      <dl class="pair">
        <dt>{names[0]}</dt>
        <dd class="mono">{firstDifference.a}</dd>
        <dt>{names[1]}</dt>
        <dd class="mono bad">{firstDifference.b}</dd>
      </dl>
    ),
  };
  const more = differing.length - MAX_REGISTERS;
  const memory = [...devices, ...pages];
  return [
    ...(entry ? [entry] : []),
    ...(differing.length > 0
      ? [
          {
            title: differing.length === 1 ? '1 register' : `${differing.length} registers`,
            body: (
              <dl class="pair">
                {differing.slice(0, MAX_REGISTERS).flatMap(({ name, a, b }) => [
                  <dt key={name}>{name}</dt>,
                  <dd key={`${name} values`}>
                    <Hex value={a} />{' '}
                    <span class="bad">
                      <Hex value={b} />
                    </span>
                  </dd>,
                ])}
                {more > 0 && <dd>and {more} more</dd>}
              </dl>
            ),
          },
        ]
      : []),
    ...(memory.length > 0
      ? [{ title: 'devices and pages', body: <span class="mono">{memory.slice(0, 8).join(', ')}</span> }]
      : []),
  ];
}
