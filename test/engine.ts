/**
 * Tests of what runs instructions run with every engine: vitest.config.ts names one in `VMFT_ENGINE`. The translator
 * translates at once.
 */
import type { Engine, Execution } from '../src/cpu/engine.ts';
import { EAGER } from '../src/cpu/translator/translator.ts';

const engine = process.env.VMFT_ENGINE as Engine;

/** How instructions are executed in this run of the tests. */
export const execution: Execution = { engine, heat: EAGER };

/** The number of examples of a property: translation makes each of them slow. */
export const runs = (count: number): number => (engine === 'interpreter' ? count : Math.ceil(count / 8));
