/** All mutations, over the protocol, the edge of the simulated world, and the checkers. */
import type { Mutation } from './mutation.ts';
import { backup } from './mutations/backup.ts';
import { checkers } from './mutations/checkers.ts';
import { edge } from './mutations/edge.ts';
import { logging } from './mutations/logging.ts';
import { primary } from './mutations/primary.ts';
import { protection } from './mutations/protection.ts';
import { replica } from './mutations/replica.ts';

/** In the order of the report. */
export const mutations: readonly Mutation[] = [
  ...logging,
  ...primary,
  ...protection,
  ...backup,
  ...replica,
  ...edge,
  ...checkers,
];
