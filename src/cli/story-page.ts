/** `vmft report STORY`: plays a scenario, and writes the page of its run. */
import { basename } from 'node:path';
import { compareLast } from '../check/verdict.ts';
import { storyPage } from '../report/page/story-page.ts';
import type { RunFacts } from '../report/run-report.ts';
import { scenarioLines } from '../report/scenario.ts';
import { evidenceOf } from '../sim/cluster/evidence.ts';
import { Tracer } from '../sim/trace/tracer.ts';
import { EXIT_CODE } from './exit-codes.ts';
import { OutputFile } from './files.ts';
import { type PageOptions, pageData, pageText } from './page.ts';
import { performStory, readStory, storyNaming, storySource } from './play.ts';
import { playgroundAddress } from './playground-link.ts';
import { painterFor } from './terminal/paint.ts';

/** Plays a story, and writes its page; returns the exit code. */
export function reportStory(name: string, { output, quiet }: PageOptions): number {
  const scenario = readStory(name);
  const file = OutputFile.at(output ?? `${basename(name, '.story')}.html`);
  let tracer: Tracer | undefined;
  const performance = performStory(scenario, (nowNs) => {
    tracer = new Tracer(nowNs);
    return tracer;
  });
  const { simulation, violations } = performance;
  const evidence = evidenceOf(simulation);
  const facts: RunFacts = {
    ...{ simulation, violations, comparison: compareLast(evidence) },
    naming: storyNaming(scenario),
    asked: { ft: scenario.spec.backups > 0, verify: true },
  };
  const page = pageData(facts, tracer!.trace([...simulation.hosts.keys()]), {
    title: scenario.title,
    // A page has the bundled programs.
    playground: /[./]/.test(scenario.guest) ? undefined : playgroundAddress(storySource(name).text),
  });
  file.write(pageText(storyPage(page, scenario, performance)));
  const { shortcomings, asExpected } = scenarioLines(scenario, performance, storyNaming(scenario));
  const paint = painterFor(process.stderr);
  for (const line of shortcomings) process.stderr.write(`${paint(line)}\n`);
  if (!quiet && !file.isStandardOutput) process.stderr.write(`report written to ${file.path}\n`);
  return asExpected ? 0 : EXIT_CODE.diverged;
}
