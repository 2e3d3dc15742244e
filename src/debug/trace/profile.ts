/** How many instructions each function of a guest executes, by who called it. */
import { type CallNode, CallStacks, numberOf } from './call-stack.ts';
import { causeText } from './causes.ts';
import { PLACE } from './hart-image.ts';
import type { ProgramSymbols } from './program-symbols.ts';
import { RecordedSteps, type TraceSource } from './recorded-steps.ts';
import { InstructionWatch, type Watched } from './watch.ts';

/** A half of 32 bits as a factor. */
const HALF = 2 ** 32;

/** Which steps of a recording a profile counts. */
export interface ProfileOptions {
  symbols: ProgramSymbols;
  /** The first and the last position, in steps. Calls before the first one are not known. */
  from: number;
  to: number;
}

/**
 * See the head of this file. Every step is counted, at the function whose instruction it executes or
 * attempts.
 */
export class Profile {
  private readonly steps: RecordedSteps;
  private readonly stacks: CallStacks;

  constructor(
    source: TraceSource,
    private readonly options: ProfileOptions,
  ) {
    this.steps = new RecordedSteps(source, () => {});
    this.stacks = new CallStacks(options.symbols);
  }

  /** Where the replay is, in steps. */
  get icount(): number {
    return this.steps.icount;
  }

  /**
   * Counts, in parts: one at each turn.
   * @throws {Divergence} if the machine contradicts the recording
   */
  *parts(): Generator<void, void> {
    const { from, to } = this.options;
    for (const _ of this.steps.timeline.seeking(from, 'before')) {
      this.steps.taken();
      this.steps.takeOutputs();
      yield;
    }
    if (this.icount < from) return;
    const watch = new InstructionWatch(this.steps);
    const { stacks } = this;
    yield* watch.parts(to, ({ pc }, isEnd) => {
      this.follow(watch, pc);
      stacks.at(pc);
      if (!isEnd) stacks.node.steps++;
      return true;
    });
  }

  /** What the instruction before, and traps since, have done to the call stack. */
  private follow({ previous, traps, halves }: InstructionWatch, pc: bigint): void {
    const { stacks } = this;
    const first = traps[0];
    const changesStack = previous?.decoded?.hint !== undefined || previous?.decoded?.returns !== undefined;
    if (!changesStack && !first) return;
    const sp = halves.high(PLACE.x2) * HALF + (halves.low(PLACE.x2) >>> 0);
    if (previous && changesStack && (!first || first.isInterrupt))
      this.retired(previous, first ? first.epc : pc, sp);
    for (const { isInterrupt, code, epc, handler } of traps) {
      stacks.at(epc);
      stacks.trap(handler, causeText(isInterrupt, code), numberOf(epc), sp);
    }
  }

  /** A jump, or a return from a trap, has led to `target`. */
  private retired({ pc, decoded }: Watched, target: bigint, sp: number): void {
    const { stacks } = this;
    const { hint, returns, sizeBytes } = decoded!;
    if (returns) stacks.trapReturn(target, sp);
    if (hint === 'return' || hint === 'coroutine') stacks.return(target, sp);
    if (hint === 'call' || hint === 'coroutine') stacks.call(target, numberOf(pc + BigInt(sizeBytes)), sp);
  }

  /** Each chain of calls that has executed steps of its own, outermost first, in the order in which they were reached. */
  private *chains(): Generator<{ names: readonly string[]; steps: number }, void> {
    const pending: { node: CallNode; names: readonly string[] }[] = [{ node: this.stacks.root, names: [] }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { node, names } = next;
      if (node.steps > 0) yield { names, steps: node.steps };
      for (const child of [...node.children.values()].reverse())
        pending.push({ node: child, names: [...names, child.name] });
    }
  }

  /**
   * The counts as folded stacks, which tools for flame graphs read: `outer;inner count` for each chain of
   * calls, in the order in which they were first reached. A trap is a level of its own, with its cause in
   * brackets.
   */
  *folded(): Generator<string, void> {
    for (const { names, steps } of this.chains())
      yield `${names.map((name) => name.replaceAll(';', ':')).join(';')} ${steps}\n`;
  }

  /**
   * The same as a document of speedscope, which draws flame graphs. Source: its file-format-schema.json, version 1.25.
   * @param name of what was counted, for display
   */
  speedscope(name: string): SpeedscopeFile {
    const numbers = new Map<string, number>();
    const frames: { name: string }[] = [];
    const frameOf = (text: string): number => {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, frames.length);
      return frames.push({ name: text }) - 1;
    };
    const chains = [...this.chains()];
    const weights = chains.map(({ steps }) => steps);
    return {
      $schema: 'https://www.speedscope.app/file-format-schema.json',
      name,
      exporter: 'vmft',
      shared: { frames },
      profiles: [
        {
          type: 'sampled',
          name,
          unit: 'none',
          startValue: 0,
          endValue: weights.reduce((sum, steps) => sum + steps, 0),
          samples: chains.map(({ names }) => names.map(frameOf)),
          weights,
        },
      ],
    };
  }
}

/** See {@link Profile.speedscope}. */
export interface SpeedscopeFile {
  $schema: string;
  name: string;
  exporter: string;
  shared: { frames: { name: string }[] };
  profiles: {
    type: 'sampled';
    name: string;
    /** Of the weights: steps, for which speedscope has no word. */
    unit: 'none';
    startValue: number;
    endValue: number;
    /** Numbers of frames, outermost first. */
    samples: number[][];
    weights: number[];
  }[];
}
