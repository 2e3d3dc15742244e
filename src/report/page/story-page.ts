/** The page of a story: its own explanations are the chapters. */
import { matches } from '../../sim/story/event-pattern.ts';
import type { Performance } from '../../sim/story/performance.ts';
import type { Scenario } from '../../sim/story/scenario.ts';
import { describeEvent } from '../event-text.ts';
import { judgements } from '../scenario.ts';
import type { Chapter, PageData } from './page-data.ts';
import { toneOf } from './page-events.ts';

/** The page of the run, with what the story says. */
export function storyPage(page: PageData, scenario: Scenario, performance: Performance): PageData {
  const { says, file } = scenario;
  const at = (when: string) => says.filter((say) => say.when === when).map(({ text }) => text);
  const chapters = says.flatMap(({ when, text }): Chapter[] => {
    if (typeof when !== 'object') return [];
    const found = performance.events.find((event) => matches(when, event));
    if (!found) return [];
    const { atNs, host, event } = found;
    const tone = toneOf(event.kind, describeEvent(event)) === 'bad' ? 'bad' : 'plain';
    return [{ title: when.kind.replaceAll('-', ' '), atNs, host, text, tone }];
  });
  return {
    ...page,
    subtitle: `${page.subtitle} · ${file}`,
    before: at('beginning'),
    after: at('end'),
    chapters: chapters.sort((a, b) => a.atNs - b.atNs),
    expectations: judgements(scenario, performance).map(({ text, why }) => ({
      holds: why === undefined,
      text: why === undefined ? text : `${text}: ${why}`,
    })),
  };
}
