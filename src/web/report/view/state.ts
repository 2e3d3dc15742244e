/** What all views share: the run, and the focus, which the address holds. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type Focus, fromHash, toHash, within, withTime } from '../model/focus.ts';
import { type Life, lifeAt, livesOf } from '../model/outputs.ts';
import { icountAt, isFault, type Run } from '../model/run.ts';

/** The page's state. */
export interface Page {
  run: Run;
  lives: Life[];
  focus: ReadonlySignal<Focus>;
  /** The index of the output whose life is shown; -1 for none. */
  life: ReadonlySignal<number>;
  /** Moves the focus; a time outside the detail moves that, too. */
  look(to: Partial<Focus>): void;
}

/** The part of the run that the detail shows first: around the failover, or else the beginning. */
function firstFocus(run: Run): Focus {
  const { endNs, hosts } = run.data;
  const at = (what: string) => run.notes.find((note) => note.what === what);
  const begin = run.notes.find(isFault) ?? at('suspected') ?? at('held');
  const live = at('live') ?? at('held') ?? begin;
  const [fromNs, toNs] = [begin?.atNs ?? 0, live?.atNs ?? endNs];
  const margin = Math.max((toNs - fromNs) * 0.25, endNs * 0.01);
  return {
    atNs: begin?.atNs ?? 0,
    host: (begin?.host || hosts[0]) ?? '',
    fromNs: fromNs - margin,
    toNs: toNs + 1.4 * margin,
  };
}

/** Makes the state of a page that looks at a part of the run, or at its failover. */
export function pageState(run: Run, from: Partial<Focus> = {}): Page {
  const { endNs, hosts } = run.data;
  const lives = livesOf(run);
  const focus: Signal<Focus> = signal(within(firstFocus(run), endNs, hosts));
  const look = (to: Partial<Focus>) => {
    const next = within({ ...focus.value, ...to }, endNs, hosts);
    focus.value =
      to.fromNs === undefined && to.toNs === undefined ? within(withTime(next), endNs, hosts) : next;
  };
  look(from);
  const life = computed(() => lifeAt(lives, focus.value.atNs));
  return { run, lives, focus, life, look };
}

/** Makes a page whose focus the address holds. */
export function pageInAddress(run: Run): Page {
  const page = pageState(run, fromHash(location.hash));
  effect(() => {
    const { atNs, host } = page.focus.value;
    const hash = toHash(page.focus.value, icountAt(run, host, atNs));
    if (location.hash !== hash) history.replaceState(null, '', hash);
  });
  addEventListener('hashchange', () => page.look(fromHash(location.hash)));
  return page;
}
