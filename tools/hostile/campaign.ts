/** Campaigns of many cases, with statistics. */
import type { Execution } from '../../src/cpu/engine.ts';
import { attack } from '../testing/devices/hostile.ts';
import { type Outcome, Runner } from './run.ts';

/** The number of cases between two checks of large memory areas. */
const LARGE_EVERY = 64;

/** A violated property, and the number of the case. */
export interface Finding {
  index: number;
  what: string;
}

/** Runs the cases of a seed, by number. */
export interface Attacker {
  /** Runs a case; returns a violated property. Statistics go to `count`. */
  run(index: number, count: (what: string, number?: number) => void): Finding | undefined;
  /** After the last case: checks what is not checked after each. */
  end(): Finding | undefined;
}

/** Whole machines. */
export class MachineAttacker implements Attacker {
  private runner: Runner;
  private since: number[] = [];

  constructor(
    private readonly seed: string,
    private readonly execution: Execution,
  ) {
    this.runner = new Runner(execution);
  }

  run(index: number, count: (what: string, number?: number) => void): Finding | undefined {
    this.since.push(index);
    try {
      tally(this.runner.run(this.seed, index), count);
    } catch (error) {
      this.renew();
      return { index, what: textOf(error) };
    }
    return this.since.length < LARGE_EVERY ? undefined : this.end();
  }

  end(): Finding | undefined {
    const wrong = this.runner.wrongAtLarge();
    const cases = this.since;
    this.since = [];
    return wrong === undefined ? undefined : this.culprit(cases, wrong);
  }

  /** Finds which of these cases caused a violation. */
  private culprit(cases: readonly number[], wrong: string): Finding {
    for (const index of cases) {
      this.renew();
      const found = this.alone(index);
      if (found !== undefined) {
        this.renew();
        return { index, what: found };
      }
    }
    this.renew();
    return { index: cases[0]!, what: `${wrong}, after this case and the ${cases.length - 1} following ones` };
  }

  /** What is wrong after a case on fresh machines. */
  private alone(index: number): string | undefined {
    try {
      this.runner.run(this.seed, index);
      return this.runner.wrongAtLarge();
    } catch (error) {
      return textOf(error);
    }
  }

  /** Replaces the machines, which may be damaged after a violation. */
  private renew(): void {
    this.runner = new Runner(this.execution);
    this.since = [];
  }
}

/** Devices alone, one in each case. */
export class DeviceAttacker implements Attacker {
  constructor(private readonly seed: string) {}

  run(index: number, count: (what: string, number?: number) => void): Finding | undefined {
    try {
      const { device, steps, broken, outputs } = attack(`${this.seed} ${index}`);
      count('steps', steps);
      count(device);
      if (broken) count(`${device} asks for a reset`);
      if (outputs > 0) count(`${device} makes outputs`);
      return undefined;
    } catch (error) {
      return { index, what: textOf(error) };
    }
  }

  end(): undefined {}
}

function tally(outcome: Outcome, count: (what: string, number?: number) => void): void {
  const { kind, steps, outputs, broken, entries, causes, privilege, translated, stepByStep, grown, off } =
    outcome;
  count('steps', steps);
  count('log entries', entries);
  count(`machine "${kind}"`);
  count(`ends in mode ${privilege}`);
  for (const [name, made] of Object.entries(outputs)) if (made > 0) count(`${name} outputs`, made);
  for (const name of broken) count(`${name} asks for a reset`);
  for (const cause of causes) count(cause);
  if (translated) count('ends with translation on');
  if (stepByStep) count('step by step');
  if (grown) count('memory is added');
  if (off) count('switches itself off');
}

const textOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Violation' ? error.message : (error.stack ?? error.message);
};
