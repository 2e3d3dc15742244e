/**
 * A trial of one mutation: a quick campaign and the stories, bundled with the mutation. Writes what detected the
 * mutation as one line of JSON, `null` if nothing did, and a line with a dot for each run, as a heartbeat.
 */
import { existsSync, readFileSync } from 'node:fs';
import { playStory, readStory, storyNames } from '../../src/cli/play.ts';
import { packageRoot } from '../../src/lib/package.ts';
import { plainText } from '../../src/report/styled-text.ts';
import { campaignRuns } from './campaign.ts';
import type { Notice, TrialStage } from './stages.ts';

const alive = () => process.stdout.write('.\n');

function campaign(rounds: number): Notice | null {
  for (const { number, configuration, outcome } of campaignRuns(rounds)) {
    alive();
    // Without injected memory corruption only the mutation can cause this.
    if (outcome.ending === 'violated')
      return {
        by: 'campaign',
        runs: number,
        what: `${configuration}: ${outcome.findings.map(({ invariant }) => invariant).join(', ')}`,
      };
  }
  return null;
}

function stories(): Notice | null {
  for (const [index, name] of storyNames().entries()) {
    const { lines, asExpected } = playStory(readStory(name), {});
    alive();
    const golden = `${packageRoot()}/test/stories/${name}.txt`;
    const same =
      existsSync(golden) && readFileSync(golden, 'utf8') === `${lines.map(plainText).join('\n')}\n`;
    if (!asExpected || !same)
      return {
        by: 'stories',
        runs: index + 1,
        what: `${name}${asExpected ? ' has a different transcript' : ''}`,
      };
  }
  return null;
}

function detected(stage: TrialStage, runs: number): Notice | null {
  try {
    return stage === 'campaign' ? campaign(runs) : stories();
  } catch (error) {
    const { name, message } = error as Error;
    return { by: stage, runs: 0, what: `${name}: ${message.split('\n')[0]}` };
  }
}

const [stage, runs] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(detected(stage as TrialStage, Number(runs)))}\n`);
