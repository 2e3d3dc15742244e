/** A search as the panel shows it: the form, how far it is, and what it has found. */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { UnsafeRule } from '../../ft/rules.ts';
import type { SearchProgress, SearchRequest } from './request.ts';
import { suggestions } from './suggestions.ts';

/** A program that can be searched, and its simulated clients. */
export interface SearchProgram {
  name: string;
  clients: number;
}

/**
 * Searches somewhere, to the end or until the signal ends it after the run under way; `progress` hears of each run, or of
 * some. Resolves with the last state; once the signal has ended it, it may reject as well.
 */
export type Searcher = (
  request: SearchRequest,
  progress: (state: SearchProgress) => void,
  signal: AbortSignal,
) => Promise<SearchProgress>;

/** The fields of the form, as they are. */
export interface SearchForm {
  /** The rule that is switched off; empty for none. */
  rule: UnsafeRule | '';
  program: string;
  seed: string;
  runs: string;
}

/** Where a search stands; `seconds`: since it began. */
export type SearchPhase =
  | { kind: 'idle' }
  | {
      kind: 'running' | 'ended' | 'cancelled';
      request: SearchRequest;
      state: SearchProgress;
      seconds: number;
    }
  | { kind: 'failed'; message: string };

/** The most runs of one search. */
export const MAX_RUNS = 1_000_000;

/** See above. It lives as long as the page, so that a search goes on while its panel is closed. */
export class SearchState {
  private readonly fields = signal<SearchForm>({ rule: '', program: '', seed: '1', runs: '1000' });
  private readonly present = signal<SearchPhase>({ kind: 'idle' });
  private stop: AbortController | undefined;

  /** @param nowMs the time since any moment */
  constructor(
    readonly programs: readonly SearchProgram[],
    private readonly search: Searcher,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.set({ program: programs[0]?.name ?? '' });
    this.set({ rule: 'test-and-set' });
  }

  get form(): ReadonlySignal<SearchForm> {
    return this.fields;
  }
  get phase(): ReadonlySignal<SearchPhase> {
    return this.present;
  }

  /** Changes fields. A rule brings the program with it that needs the rule. */
  set(given: Partial<SearchForm>): void {
    const program = given.rule && suggestions[given.rule].program;
    const isKnown = this.programs.some(({ name }) => name === program);
    this.fields.value = { ...this.fields.value, ...(isKnown && { program }), ...given };
  }

  /** What the form asks for; undefined if the number of runs is none. */
  get request(): SearchRequest | undefined {
    const { rule, program, seed, runs } = this.fields.value;
    const count = Number(runs);
    if (!/^\d+$/.test(runs) || count < 1 || count > MAX_RUNS) return undefined;
    const { clients } = this.programs.find(({ name }) => name === program) ?? { clients: 0 };
    return { guest: program, clients, unsafe: rule === '' ? [] : [rule], seed, runs: count };
  }

  /** Searches for what the form asks for, instead of what is being searched. */
  async start(): Promise<void> {
    const { request } = this;
    if (!request) return;
    this.stop?.abort();
    const stop = new AbortController();
    this.stop = stop;
    const began = this.nowMs();
    let last: SearchProgress = { runs: 0, violations: 0 };
    const show = (kind: 'running' | 'ended' | 'cancelled', state: SearchProgress) => {
      last = state;
      if (this.stop !== stop) return;
      this.present.value = { kind, request, state, seconds: (this.nowMs() - began) / 1000 };
    };
    show('running', last);
    try {
      const state = await this.search(
        request,
        (one) => !stop.signal.aborted && show('running', one),
        stop.signal,
      );
      show(stop.signal.aborted ? 'cancelled' : 'ended', state);
    } catch (error) {
      if (stop.signal.aborted) show('cancelled', last);
      else if (this.stop === stop)
        this.present.value = {
          kind: 'failed',
          message: error instanceof Error ? error.message : String(error),
        };
    }
  }

  /** Ends the search after the run under way; what was found stays. */
  cancel(): void {
    this.stop?.abort();
  }
}
