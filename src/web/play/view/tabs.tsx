/** The runs as tabs. */
import { useRef } from 'preact/hooks';
import { nameOf } from '../model/setup.ts';
import type { Playground, RunTab } from './playground.ts';

/** A tab for each run; ← and → go from one to the next, Delete closes one. */
export function Tabs({ play }: { play: Playground }) {
  const { runs, current } = play;
  const list = useRef<HTMLDivElement>(null);
  if (runs.value.length < 2) return null;
  const key = (event: KeyboardEvent, tab: RunTab, index: number) => {
    if (event.key === 'Delete') return play.close(tab);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = step === undefined ? undefined : runs.value[index + step];
    if (!next) return;
    event.preventDefault();
    play.show(next);
    list.current!.querySelectorAll<HTMLElement>('[role=tab]')[index + step!]!.focus();
  };
  return (
    <div class="tabs">
      <div role="tablist" aria-label="Runs" ref={list}>
        {runs.value.map((tab, index) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`tab-${tab.id}`}
            aria-selected={tab.id === current.value}
            aria-controls="run"
            tabIndex={tab.id === current.value ? 0 : -1}
            onClick={() => play.show(tab)}
            onKeyDown={(event) => key(event, tab, index)}
          >
            <b class={tab.result.value?.run.page.verdict.tone}>{signOf(tab)}</b>{' '}
            {nameOf(play.files, tab.setup.value)}
          </button>
        ))}
      </div>
      <button type="button" onClick={() => play.tab.value && play.close(play.tab.value)}>
        close this run
      </button>
    </div>
  );
}

function signOf({ isRunning, result, error }: RunTab): string {
  if (isRunning.value) return '…';
  if (error.value) return '!';
  return { good: '✓', bad: '✗', plain: '·' }[result.value?.run.page.verdict.tone ?? 'plain'];
}
