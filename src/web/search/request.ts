/** What a page asks of a search, and what it hears of it. */
import type { UnsafeRule } from '../../ft/rules.ts';
import type { Finding } from '../../sim/campaign/campaign.ts';
import type { StoryContent } from '../../sim/story/story-text.ts';

/** What is searched: what `vmft chaos GUEST --seed SEED --runs RUNS --clients CLIENTS --unsafe RULE` runs. */
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

/** The simplest run so far that violates an invariant. */
export interface Found {
  /** The number of the run that found it. */
  number: number;
  findings: readonly Finding[];
  /** The number of runs that were made to shrink it. */
  tried: number;
  /** It as a story, which `vmft story` plays. */
  story: StoryContent;
}

/** How far a search is: plain data, which a worker sends. */
export interface SearchProgress {
  /** Judged runs, without those that shrink. */
  runs: number;
  violations: number;
  found?: Found;
}

/** The arguments of the command that finds the same. */
export const searchArguments = ({ guest, clients, seed, runs, unsafe }: SearchRequest): string[] => [
  ...['chaos', guest, '--seed', seed, '--runs', String(runs)],
  ...(clients > 0 ? ['--clients', String(clients)] : []),
  ...unsafe.flatMap((rule) => ['--unsafe', rule]),
];
