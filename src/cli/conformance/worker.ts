/** A worker of `vmft conformance`: runs one program after the other. */
import { basename } from 'node:path';
import { serve, setupOf } from '../pool.ts';
import { describeMachine } from '../program.ts';
import { type Result, runTest } from './run-test.ts';

/** What a worker is given: how each program is run. */
export interface Setup {
  memory: number;
  maxSteps: number;
}

const { memory, maxSteps } = setupOf<Setup>();

serve<string, Result>((path) =>
  runTest(basename(path), () => describeMachine(path, { memory, diskSize: 0 }), maxSteps),
);
