/** The sketch of the cluster at the time that is looked at; a click on a part offers faults for it. */
import { useSignal } from '@preact/signals';
import { STORAGE, SWITCH, timeOf } from '../../../sim/faults/faults.ts';
import { icountAt, stateAt } from '../../report/model/run.ts';
import { grouped, timeText } from '../../report/model/time.ts';
import type { Page } from '../../report/view/state.ts';
import { offersFor, type Part } from '../model/offered.ts';
import { between, inFlightAt, linksOf, type Place, placesOf } from '../model/sketch.ts';
import type { FinishedRun } from '../worker/tasks.ts';

interface ClusterProps {
  page: Page;
  result: FinishedRun;
  /** Makes a run with one more fault. */
  add: (fault: string) => void;
}

/** See above. */
export function ClusterView({ page, result, add }: ClusterProps) {
  const { run, focus, look } = page;
  const { hosts, backups } = run.data;
  const { atNs, host: looked } = focus.value;
  const part = useSignal<Part>([looked]);
  const places = placesOf(hosts, backups.length > 0);
  const generation = run.generations.findLast(({ fromNs }) => fromNs <= atNs)?.value;
  const isPart = (...names: string[]) => names.join() === part.value.join();
  const cut = result.spec.faults.filter((fault) => {
    const fromNs = timeOf(fault);
    if (fault.kind !== 'partition' || fromNs === undefined || fault.after) return false;
    return atNs >= fromNs && atNs < fromNs + fault.forNs;
  });
  const isCut = (a: string, b: string) =>
    cut.some((fault) => 'from' in fault && [a, b].every((node) => node === fault.from || node === fault.to));
  const name = part.value.length === 1 ? part.value[0] : `the link ${part.value.join('–')}`;
  const [only, other] = part.value;
  return (
    <section aria-labelledby="cluster">
      <h2 id="cluster">
        The cluster <small>at {timeText(atNs)}</small>
      </h2>
      <div class="sketch">
        <svg aria-hidden="true" viewBox="0 0 100 100" preserveAspectRatio="none">
          {linksOf(places).map(([a, b]) => {
            const [from, to] = [places.get(a)!, places.get(b)!];
            return (
              <line
                key={`${a} ${b}`}
                class={isCut(a, b) ? 'cut' : isPart(a, b) ? 'chosen' : undefined}
                x1={100 * from.x}
                y1={100 * from.y}
                x2={100 * to.x}
                y2={100 * to.y}
              />
            );
          })}
        </svg>
        {inFlightAt(run, atNs, places).map(({ id, what, isLost, ...place }) => (
          <i key={id} class={`message ${what}${isLost ? ' lost' : ''}`} style={styleOf(place)} />
        ))}
        {linksOf(places).map(([a, b]) => (
          <button
            key={`${a} ${b}`}
            type="button"
            class="link"
            style={styleOf(between(places.get(a)!, places.get(b)!, 0.5))}
            aria-pressed={isPart(a, b)}
            aria-label={`link ${a}–${b}${isCut(a, b) ? ', cut' : ''}`}
            title={`link ${a}–${b}`}
            onClick={() => {
              part.value = [a, b];
            }}
          >
            {isCut(a, b) ? '✗' : ''}
          </button>
        ))}
        {hosts.map((host) => {
          const state = stateAt(run, host, atNs) ?? 'spare';
          const icount = icountAt(run, host, atNs);
          return (
            <button
              key={host}
              type="button"
              class={`node ${state.replace(' ', '-')}`}
              style={styleOf(places.get(host)!)}
              aria-pressed={isPart(host)}
              aria-current={host === looked ? 'true' : undefined}
              onClick={() => {
                part.value = [host];
                look({ host });
              }}
            >
              <b>{host}</b>
              <span>{state}</span>
              <span class="number">{icount === undefined ? '–' : grouped(icount)}</span>
            </button>
          );
        })}
        <div class="node outside" style={styleOf(places.get(SWITCH)!)}>
          <b>console and clients</b>
        </div>
        {generation !== undefined && (
          <button
            type="button"
            class="node storage"
            style={styleOf(places.get(STORAGE)!)}
            aria-pressed={isPart(STORAGE)}
            onClick={() => {
              part.value = [STORAGE];
            }}
          >
            <b>storage</b>
            <span>generation {generation}</span>
          </button>
        )}
      </div>
      <div class="offers" role="group" aria-label={`Faults of ${name}`}>
        <p class="hint">
          What if, at {timeText(atNs)}, this happened to <b>{name}</b>? Each makes a run of its own.
        </p>
        {offersFor(other === undefined ? [only] : [only, other], atNs).map(({ name: offer, fault }) => (
          <button key={offer} type="button" title={fault} onClick={() => add(fault)}>
            {offer}
          </button>
        ))}
      </div>
    </section>
  );
}

const styleOf = ({ x, y }: Place) => ({ left: `${100 * x}%`, top: `${100 * y}%` });
