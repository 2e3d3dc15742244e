/** Time both ways: buttons and keys that move the focus by events and instructions, and let time pass. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { icountAt, stateAt } from '../../report/model/run.ts';
import { grouped, timeText } from '../../report/model/time.ts';
import type { Page } from '../../report/view/state.ts';
import { eventNs, instructionNs } from '../model/steps.ts';

/** A whole run passes in this time. In milliseconds. */
const WHOLE_MS = 20_000;
/** Keys that move the focus: a time to go to, or none. */
const moves: Readonly<Record<string, (page: Page) => number | undefined>> = {
  '.': ({ run, focus }) => eventNs(run, focus.value.atNs, 1),
  ',': ({ run, focus }) => eventNs(run, focus.value.atNs, -1),
  ']': ({ run, focus }) => instructionNs(run, focus.value.host, focus.value.atNs, 1),
  '[': ({ run, focus }) => instructionNs(run, focus.value.host, focus.value.atNs, -1),
  Home: () => 0,
  End: ({ run }) => run.data.endNs,
};

const buttons = [
  ['Home', '|◂', 'To the beginning (Home)'],
  [',', '◂ event', 'One event back (,)'],
  ['[', '◂ instruction', 'One instruction back ([)'],
  ['play', '', ''],
  [']', 'instruction ▸', 'One instruction forward (])'],
  ['.', 'event ▸', 'One event forward (.)'],
  ['End', '▸|', 'To the end (End)'],
] as const;

/** The bar, and the keys of the whole page; not while something is typed, or a button has the focus for Space. */
export function Transport({ page }: { page: Page }) {
  const isPlaying = useSignal(false);
  const { run, focus, look } = page;
  const { atNs, host } = focus.value;
  const move = (key: string) => {
    isPlaying.value = false;
    const to = moves[key]?.(page);
    if (to !== undefined) look({ atNs: to });
  };
  const toggle = () => {
    if (!isPlaying.value && focus.value.atNs >= run.data.endNs) look({ atNs: 0 });
    isPlaying.value = !isPlaying.value;
  };
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      const isSpace =
        event.key === ' ' && !(event.target as Element).closest('button, summary, a, [role=tab]');
      if (!isSpace && !Object.hasOwn(moves, event.key)) return;
      event.preventDefault();
      if (isSpace) toggle();
      else move(event.key);
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, [page]);
  useEffect(() => {
    if (!isPlaying.value) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function next(now) {
      const { endNs } = run.data;
      const to = focus.value.atNs + (Math.min(100, now - last) / WHOLE_MS) * endNs;
      last = now;
      look({ atNs: Math.min(to, endNs) });
      if (to >= endNs) isPlaying.value = false;
      else frame = requestAnimationFrame(next);
    });
    return () => cancelAnimationFrame(frame);
  }, [isPlaying.value, page]);
  const icount = icountAt(run, host, atNs);
  return (
    <div class="transport" role="group" aria-label="Time">
      <div class="tools">
        {buttons.map(([key, sign, name]) =>
          key === 'play' ? (
            <button
              key={key}
              type="button"
              class="play"
              onClick={toggle}
              aria-label={isPlaying.value ? 'Pause (Space)' : 'Let time pass (Space)'}
            >
              {isPlaying.value ? '❚❚' : '▶'}
            </button>
          ) : (
            <button key={key} type="button" onClick={() => move(key)} aria-label={name} title={name}>
              {sign}
            </button>
          ),
        )}
      </div>
      <label>
        host{' '}
        <select value={host} onChange={(event) => look({ host: event.currentTarget.value })}>
          {run.data.hosts.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <output class="time">
        <b>{timeText(atNs)}</b> {host} {stateAt(run, host, atNs)}
        {icount !== undefined && ` at instruction ${grouped(icount)}`}
      </output>
    </div>
  );
}

/** Whether keys are text there. */
/** The innermost element counts: the editor's is in a shadow tree. */
const isTyping = (event: Event): boolean =>
  (event.composedPath()[0] as Element).closest('input, textarea, select, [contenteditable]') !== null;
