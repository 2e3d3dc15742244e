/** The life of one output: made, held, explained to the backup, released, shown. */
import { heldTimes, spanOf, waitOf, whyHeld } from '../model/outputs.ts';
import { durationText, grouped } from '../model/time.ts';
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
  const longest = lives.reduce(
    (best, each, at) => ((waitOf(each) ?? 0) > (waitOf(lives[best]!) ?? 0) ? at : best),
    0,
  );
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
      <Cost lives={lives} />
    </section>
  );
}

/** The height of the histogram, in its own unit. */
const HEIGHT = 100;

/** How long outputs waited, as a histogram. */
function Cost({ lives }: Pick<Page, 'lives'>) {
  const held = heldTimes(lives);
  if (!held) return null;
  const { bins, medianNs, longestNs } = held;
  const most = Math.max(...bins.map(({ count }) => count));
  const text = `half of them at most ${durationText(medianNs)}, the longest ${durationText(longestNs)}`;
  return (
    <>
      <h3>
        How long outputs were held <small>{text}</small>
      </h3>
      <svg
        class="histogram"
        viewBox={`0 0 ${bins.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`How long outputs were held: ${text}`}
      >
        {bins.map(({ fromNs, toNs, count }, index) => (
          <rect
            key={fromNs}
            x={index + 0.05}
            width={0.9}
            y={HEIGHT * (1 - count / most)}
            height={(HEIGHT * count) / most}
          >
            <title>
              {durationText(fromNs)} to {durationText(toNs)}: {count}
            </title>
          </rect>
        ))}
      </svg>
      <p class="ends hint">
        <span>{durationText(bins[0]!.fromNs)}</span>
        <span>{durationText(bins.at(-1)!.toNs)}</span>
      </p>
    </>
  );
}
