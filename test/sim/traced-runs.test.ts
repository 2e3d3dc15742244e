/** A run is the same with a trace and without: stories, and runs under random faults. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { playStory, readStory, storyNames } from '../../src/cli/play.ts';
import { plainText } from '../../src/report/styled-text.ts';
import { Tracer } from '../../src/sim/trace/tracer.ts';
import { path } from './support.ts';
import { drawnRuns, shownBy, specOfDrawn, traceRun } from './traced.ts';

describe('a run with a trace', () => {
  it('is the same as without, under random faults', () => {
    fc.assert(
      fc.property(drawnRuns, ({ name, seed }) => {
        const spec = specOfDrawn(name, seed);
        expect(shownBy(traceRun(name, spec, true))).toEqual(shownBy(traceRun(name, spec, false)));
      }),
      { numRuns: 20 },
    );
  });

  it.each(storyNames())('has the transcript of the story %s', (name) => {
    const { lines } = playStory(readStory(name), {}, undefined, (nowNs) => new Tracer(nowNs));
    const transcript = readFileSync(path(`test/stories/${name}.txt`), 'utf8');
    expect(`${lines.map(plainText).join('\n')}\n`).toBe(transcript);
  });
});
