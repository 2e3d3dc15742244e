/** The campaign of the mutations without one, for its coverage of branches (coverage.config.ts). */
import { expect, it } from 'vitest';
import { campaignRuns } from './campaign.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 100);

it(`holds all rules in ${ROUNDS} runs of each configuration`, () => {
  for (const { number, configuration, outcome } of campaignRuns(ROUNDS))
    expect({ number, configuration, ...outcome }).not.toMatchObject({ ending: 'violated' });
});
