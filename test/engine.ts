/** Every test file runs with the engine that `VMFT_ENGINE` names; what is translated is translated at once. */
import { type Engine, useEngine } from '../src/cpu/engine.ts';
import { EAGER } from '../src/cpu/translator/translator.ts';

const engine = (process.env.VMFT_ENGINE ?? 'translator') as Engine;
useEngine(engine, EAGER);

/** How many examples a property is tried with: translating each takes its time. */
export const runs = (count: number): number => (engine === 'interpreter' ? count : Math.ceil(count / 8));
