/** `vmft trace`: what the guest of a recording executed. */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { OperatingError } from '../../base/errors.ts';
import type { TraceEvent } from '../../debug/trace/events.ts';
import { isEmpty, type StepFilter } from '../../debug/trace/filter.ts';
import type { ProgramSymbols } from '../../debug/trace/program-symbols.ts';
import { TraceText } from '../../debug/trace/text.ts';
import { Tracer, type TraceOptions as TracerOptions } from '../../debug/trace/tracer.ts';
import type { LogReader } from '../../replay/log-file.ts';
import { replayDivergesText } from '../../report/divergence.ts';
import { Divergence } from '../../vmm/doors.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { OutputFile } from '../files.ts';
import { EndingSignal } from '../interruption.ts';
import { openRecording } from '../open-recording.ts';
import { readProgramSymbols } from './symbols.ts';
import { writeFrames, writeProfile } from './trace-files.ts';
import type { LogItem, TraceOptions } from './trace-options.ts';

/**
 * Prints what the guest of a recording executed; returns the exit code.
 * @throws {OperatingError} for unusable options or files; at the end when the recording is damaged
 */
export async function trace(path: string, options: TraceOptions): Promise<number> {
  const symbols = readProgramSymbols(options.symbols ?? []);
  const filter = filterOf(options, symbols);
  const recording = openRecording(path);
  const signal = new EndingSignal();
  try {
    const icount = await work({ recording, symbols, filter, signal }, options);
    if (signal.received) return EXIT_CODE.interrupted;
    if (recording.damage) throw recording.damage;
    if (icount < options.from)
      throw new OperatingError(
        `--from ${options.from}: the recording ends at step ${icount}; give an earlier one`,
      );
    return 0;
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    process.stderr.write(`${replayDivergesText(path, error, (address) => symbols.nameOf(address))}\n`);
    return EXIT_CODE.diverged;
  } finally {
    signal.release();
  }
}

interface Prepared {
  recording: LogReader;
  symbols: ProgramSymbols;
  filter: StepFilter;
  signal: EndingSignal;
}

/** Prints, or writes the files; returns the position that was reached. */
async function work(prepared: Prepared, options: TraceOptions): Promise<number> {
  const { recording, symbols, filter, signal } = prepared;
  const { from, to, profile, pcap } = options;
  if (profile === undefined && pcap === undefined) return print(prepared, options);
  const useless = (['json', 'd'] as const).find((name) => options[name] !== undefined);
  if (useless !== undefined || !isEmpty(filter) || options.limit !== Number.MAX_SAFE_INTEGER)
    throw new OperatingError(
      '--profile and --pcap write files of all steps from --from to --to; leave out the options that choose what is printed',
    );
  const source = { description: recording.description, entries: recording };
  const [profileFile, pcapFile] = [profile, pcap].map((file) => file && OutputFile.at(file));
  let icount = Number.POSITIVE_INFINITY;
  if (profileFile) icount = await writeProfile({ source, from, to, signal }, symbols, profileFile);
  if (pcapFile) {
    const count = await writeFrames({ source, from, to, signal }, pcapFile);
    process.stderr.write(`${count} frames written to ${pcap}\n`);
  }
  return icount;
}

/** The filter that the options ask for. @throws {OperatingError} when it can't have an effect */
function filterOf(
  { pc, memory, mode, kind, d, from, to }: TraceOptions,
  symbols: ProgramSymbols,
): StepFilter {
  if (from > to)
    throw new OperatingError(`--from ${from} is after --to ${to}: nothing lies between; exchange them`);
  const ranges = (texts: string[] | undefined, what: string) =>
    texts?.map((text) => symbols.range(text, what));
  const filter = { pc: ranges(pc, '--pc'), memory: ranges(memory, '--memory'), modes: mode, kinds: kind };
  if (d && !isEmpty(filter))
    throw new OperatingError(
      '-d prints blocks and traps, and --pc, --memory, --mode and --kind choose instructions; leave one of them out',
    );
  return filter;
}

/** The kinds of events that `-d` asks for. */
function eventsOf(items: readonly LogItem[]): Pick<TracerOptions, 'kinds' | 'blocks'> {
  const first = items.includes('in_asm');
  const each = items.includes('exec');
  const kinds: TraceEvent['kind'][] = items.includes('int') ? ['trap'] : [];
  return first || each ? { kinds: [...kinds, 'block'], blocks: { first, each } } : { kinds };
}

/** The text that is collected before it is written, in characters. */
const WRITTEN_AT = 1 << 16;

/** Prints the events, until all are printed or a signal comes; returns the position that was reached. */
async function print(
  { recording, symbols, filter, signal }: Prepared,
  { from, to, limit, d, json }: TraceOptions,
): Promise<number> {
  const text = new TraceText(symbols);
  let waiting = '';
  let count = 0;
  const emit = (event: TraceEvent): boolean => {
    waiting += `${json ? text.json(event) : text.line(event)}\n`;
    return ++count < limit;
  };
  const write = async () => {
    const isDrained = process.stdout.write(waiting);
    waiting = '';
    if (!isDrained) await once(process.stdout, 'drain');
  };
  const source = { description: recording.description, entries: recording };
  const tracer = new Tracer(source, { from, to, filter, emit, ...(d && eventsOf(d)) });
  try {
    for (const _ of tracer.parts()) {
      if (waiting.length >= WRITTEN_AT) await write();
      // Signals, and the end of a pipe.
      await setImmediate();
      if (signal.received) break;
    }
  } finally {
    // What comes before a divergence, too.
    await write();
  }
  return tracer.icount;
}
