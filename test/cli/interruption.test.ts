import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { EndingSignal } from '../../src/cli/interruption.ts';
import { BIN, workplace } from './command.ts';

const { directory, file } = workplace();

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the first %s is recorded; the next has its default effect',
  (signal) => {
    const process = new EventEmitter();
    const ending = new EndingSignal(process as unknown as NodeJS.Process);
    expect(ending.received).toBeUndefined();
    process.emit(signal, signal);
    expect(ending.received).toBe(signal);
    expect(process.eventNames()).toEqual([]);
  },
);

test('after the run signals have their default effect: the replay of --verify can be interrupted', () => {
  const process = new EventEmitter();
  const ending = new EndingSignal(process as unknown as NodeJS.Process);
  expect(process.eventNames()).toEqual(['SIGINT', 'SIGTERM']);
  ending.release();
  expect([ending.received, process.eventNames()]).toEqual([undefined, []]);
});

test('a command that has nothing to report is ended by the signal itself', async () => {
  // More than the pipe holds: the command is still there when the signal comes.
  writeFileSync(file('long.s'), '.rept 30000\n addi a0, a0, 1\n.endr\n');
  const child = spawn(process.execPath, [BIN, 'asm', 'long.s'], { cwd: directory });
  await once(child.stdout, 'readable');
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
  child.stdout.destroy();
});
