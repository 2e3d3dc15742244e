/** The life of one output: made, held, explained to the backup, released, shown. */
import { spanOf, whyHeld } from '../model/outputs.ts';
import { grouped } from '../model/time.ts';
import type { Page } from './state.ts';
import { Timeline } from './timeline.tsx';

/** The output nearest to the time that is looked at. */
export function LifeView({ page }: { page: Page }) {
  const { run, lives, life, look } = page;
  const index = life.value;
  const one = lives[index];
  if (!one) return null;
  const { fromNs, toNs } = spanOf(run, one);
  const go = (to: number) => () => {
    const next = lives[to];
    if (next) look({ atNs: next.madeNs, host: next.held?.host ?? next.host });
  };
  const longest = lives.reduce((best, each, at) => (waitOf(each) > waitOf(lives[best]!) ? at : best), 0);
  const numbers =
    one.first === one.last
      ? `output ${grouped(one.first)}`
      : `outputs ${grouped(one.first)}–${grouped(one.last)}`;
  return (
    <section aria-labelledby="life">
      <div class="head">
        <h2 id="life">
          The life of one output <small>{numbers}</small>
        </h2>
        <div class="tools" role="group" aria-label="Which output">
          <button type="button" onClick={go(index - 1)} disabled={index === 0} aria-label="The output before">
            ←
          </button>
          <button
            type="button"
            onClick={go(index + 1)}
            disabled={index === lives.length - 1}
            aria-label="The next output"
          >
            →
          </button>
          <button type="button" onClick={go(longest)}>
            longest held
          </button>
        </div>
      </div>
      <p class="quote mono">{one.text.trimEnd() || '(no text)'}</p>
      <Timeline
        page={page}
        name="Time in the life of the output"
        detail="detail"
        fromNs={fromNs}
        toNs={Math.min(toNs, run.data.endNs)}
      />
      <h3>Why was it held?</h3>
      <p class="why">{whyHeld(run, one).join(' ')}</p>
    </section>
  );
}

/** How long an output waited for its release. */
const waitOf = ({ held, release, madeNs }: Page['lives'][number]): number =>
  held && release ? release.atNs - madeNs : 0;
