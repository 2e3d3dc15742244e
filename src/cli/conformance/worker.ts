/** A worker of `vmft conformance`. */
import { basename } from 'node:path';
import { type EngineOptions, prepareEngine } from '../engine.ts';
import { serve, setupOf } from '../pool.ts';
import { describeMachine } from '../program.ts';
import { type Result, runTest } from './run-test.ts';

/** How each program is run. */
export interface Setup extends EngineOptions {
  memory: number;
  maxSteps: number;
}

const { memory, maxSteps, engine } = setupOf<Setup>();
prepareEngine(engine);

serve<string, Result>((path) =>
  runTest(basename(path), () => describeMachine(path, { memory, diskSize: 0 }), maxSteps, { engine }),
);
