/** The files that `vmft trace` writes: profiles and captured frames. */
import { setImmediate } from 'node:timers/promises';
import { frames } from '../../debug/trace/frames.ts';
import { pcapngFrame, pcapngHead } from '../../debug/trace/pcapng.ts';
import { Profile } from '../../debug/trace/profile.ts';
import type { ProgramSymbols } from '../../debug/trace/program-symbols.ts';
import type { TraceSource } from '../../debug/trace/recorded-steps.ts';
import type { OutputFile } from '../files.ts';
import type { EndingSignal } from '../interruption.ts';

/** The steps of a recording, and the signal that ends the work: what was found until then is written. */
interface Work {
  source: TraceSource;
  from: number;
  to: number;
  signal: EndingSignal;
}

async function untilDone(parts: Iterable<void>, signal: EndingSignal): Promise<void> {
  for (const _ of parts) {
    // Signals.
    await setImmediate();
    if (signal.received) break;
  }
}

/**
 * Writes a profile, as folded stacks or, to a file with the suffix .json, for speedscope; returns the position at which it ends. @throws {OperatingError} when that is not possible
 */
export async function writeProfile(
  { source, signal, ...range }: Work,
  symbols: ProgramSymbols,
  output: OutputFile,
): Promise<number> {
  const profile = new Profile(source, { symbols, ...range });
  await untilDone(profile.parts(), signal);
  const encoder = new TextEncoder();
  if (/\.json$/i.test(output.path))
    output.write(`${JSON.stringify(profile.speedscope(source.description.program))}\n`);
  else output.write([...profile.folded()].map((line) => encoder.encode(line)));
  return profile.icount;
}

/** Writes the frames; returns how many there are. @throws {OperatingError} when that is not possible */
export async function writeFrames({ source, signal, ...range }: Work, output: OutputFile): Promise<number> {
  const blocks = [pcapngHead()];
  await untilDone(
    frames(source, range, (frame) => blocks.push(pcapngFrame(frame))),
    signal,
  );
  output.write(blocks);
  return blocks.length - 1;
}
