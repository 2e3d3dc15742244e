import type { UnsafeRule } from '../../ft/rules.ts';
import type { Counterexample } from '../../sim/campaign/search.ts';
import type { Scenario } from '../../sim/story/scenario.ts';

/** What is searched: the same as `vmft chaos GUEST --seed SEED --runs RUNS --clients CLIENTS --unsafe RULE` runs. */
export interface SearchRequest {
  /** The name of a bundled program. */
  guest: string;
  /** Simulated clients; 0 for a program that serves none. */
  clients: number;
  /** The rules that are switched off; may be empty. */
  unsafe: readonly UnsafeRule[];
  seed: string;
  /** The most runs. */
  runs: number;
}

/** How far a search is, after each run: plain data, which a worker sends. */
export interface SearchProgress {
  /** Judged runs, without those that shrink. */
  runs: number;
  violations: number;
  /** The simplest run with the violation so far: at first the one that was found. */
  found?: Counterexample;
  /** It as a story, which `vmft story` plays. */
  story?: Scenario;
}

/** A program that is searched, and its simulated clients. */
export interface SearchProgram {
  name: string;
  clients: number;
}

/** What the panel is given. */
export interface SearchPanelProps {
  programs: readonly SearchProgram[];
  /**
   * Searches in a worker, to the end or until the signal ends it after the run under way; `progress` hears of each run or
   * of some. Resolves with the last state.
   */
  search(
    request: SearchRequest,
    progress: (state: SearchProgress) => void,
    signal: AbortSignal,
  ): Promise<SearchProgress>;
  /** Opens a run that was found. */
  onOpen(story: Scenario): void;
}
