/** The campaign of the mutation tests without a mutation, and the stories, for branch coverage (coverage.config.ts). */
import { describe, expect, it } from 'vitest';
import { playStory, readStory, storyNames } from '../../src/cli/play.ts';
import { campaignRuns } from './campaign.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 100);

it(`the campaign holds all rules in ${ROUNDS} runs of each configuration`, () => {
  for (const { number, configuration, outcome } of campaignRuns(ROUNDS))
    expect({ number, configuration, ...outcome }).not.toMatchObject({ ending: 'violated' });
});

describe('the story', () => {
  it.each(storyNames())('%s comes as it expects', (name) => {
    expect(playStory(readStory(name), {}).asExpected).toBe(true);
  });
});
