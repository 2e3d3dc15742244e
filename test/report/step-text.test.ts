import { describe, expect, test } from 'vitest';
import { debugParts } from '../../src/cli/step-log.ts';
import { stepLines, stepParts } from '../../src/report/step-text.ts';
import { plainText } from '../../src/report/styled-text.ts';
import { Simulation } from '../../src/sim/cluster/cluster.ts';
import { guest, specOf } from '../sim/support.ts';

describe('DEBUG', () => {
  test.each<[string | undefined, string[]]>([
    [undefined, []],
    ['', []],
    ['express:*', []],
    ['vmft:*', [...stepParts]],
    ['*', [...stepParts]],
    ['http,vmft:input', ['input']],
    ['vmft:note vmft:effect', ['effect', 'note']],
  ])('%s names %j', (variable, parts) => {
    expect([...debugParts(variable)]).toEqual(parts);
  });
});

test('steps are shown as single lines of bounded length, with messages and notes', () => {
  const lines: string[] = [];
  const simulation = new Simulation({
    ...guest('dice'),
    spec: specOf({ faults: [] }),
    print: () => {},
    onEvent: () => {},
    onStep: (step) => {
      lines.push(...stepLines(step, new Set(stepParts)).map(plainText));
    },
  });
  simulation.run();
  expect(lines.length).toBeGreaterThan(50);
  expect(lines.filter((line) => line.includes('\n') || line.length > 600)).toEqual([]);
  expect(lines.find((line) => line.includes('primary  -> send to backup: entries'))).toMatch(
    /first=1 .* bytes$/,
  );
  expect(lines.find((line) => line.includes('primary  <- backup: ack'))).toMatch(/received=\d+ consumed=/);
  expect(lines.some((line) => line.includes('-> note held'))).toBe(true);
});
