/** The start-up time and memory of the command. */
import { spawnSync } from 'node:child_process';
import { file, inTurn, peakMB, type Spread, spreadOf, timed } from './measure.ts';

const HELLO = ['run', file('programs/hello.s'), '--quiet'];

export interface Startup {
  /** From the command to its exit, in milliseconds. */
  hello: Spread;
  /** Node.js alone, doing nothing. */
  node: Spread;
  peakMB: number;
}

export function startup(times: number): Startup {
  const vmft = file('bin/vmft.js');
  const { hello, node } = inTurn(times, {
    hello: () => timed(process.execPath, [vmft, ...HELLO]) * 1000,
    node: () => timed(process.execPath, ['-e', '0']) * 1000,
  });
  const watch = `import * as fs from 'node:fs'; process.on('exit', () => console.error((${peakMB})(fs)));`;
  const { stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(watch)}`, vmft, ...HELLO],
    { input: '', encoding: 'utf8' },
  );
  return {
    hello: spreadOf(hello),
    node: spreadOf(node),
    peakMB: Number(stderr.trim().split('\n').at(-1)),
  };
}
