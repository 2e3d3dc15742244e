/** A run, from its options to its end. */
import { writeFileSync } from 'node:fs';
import { OperatingError } from '../base/errors.ts';
import { type Engine, engines } from '../cpu/engine.ts';
import { RecordingWriter } from '../replay/recorder.ts';
import { inMemory } from '../replay/spool.ts';
import { type SimEvent, Simulation } from '../sim/cluster/cluster.ts';
import { parseFault } from '../sim/faults/fault-text.ts';
import { mustSuit, type RunSpec, validated } from '../sim/spec/spec.ts';
import type { Naming } from '../symbols/naming.ts';
import { runEvent } from './events.ts';
import { attempt, GrowingFile } from './files.ts';
import { FinishedRun, notKept } from './finished-run.ts';
import { imagesBeside } from './images.ts';
import { loadInterpreter } from './interpreter.ts';
import { LoadedGuest } from './loaded-guest.ts';
import type { Guest, RunOptions } from './types.ts';

/** How machines execute instructions. @throws {OperatingError} if there is no such engine */
export function executionOf(engine: Engine = 'translator'): { engine: Engine } {
  if (!engines.includes(engine))
    throw new OperatingError(`engine ${engine}: it must be one of ${engines.join(', ')}`);
  loadInterpreter(engine);
  return { engine };
}

/** The specification in the options, with parsed faults. */
function specOf(options: RunOptions): RunSpec {
  const {
    input: _,
    typeAfter: __,
    engine: ___,
    onConsole,
    onEvent,
    keepEvents,
    evidenceBytes,
    ...spec
  } = options;
  const { faults, ...others } = spec;
  return validated({ ...others, ...(faults && { faults: faults.map(parseFault) }) });
}

/** A simulation that has not started, the array that receives its events, and its guest's names. */
interface Begun {
  simulation: Simulation;
  happened: SimEvent[];
  naming: Naming;
}

function begin(guest: Guest, options: RunOptions): Begun {
  if (!(guest instanceof LoadedGuest)) throw new OperatingError('the guest must come from loadGuest');
  const { typeAfter, onConsole, onEvent, keepEvents = true, evidenceBytes } = options;
  const spec = specOf(options);
  const machine = guest.machine(spec.clients);
  mustSuit(spec, machine.description.memorySizeBytes);
  const input = typed(options.input ?? guest.input);
  if (typeAfter !== undefined && (typeAfter === '' || input.length === 0))
    throw new OperatingError('typeAfter needs a text to wait for, and an input');
  if (evidenceBytes !== undefined && !(Number.isSafeInteger(evidenceBytes) && evidenceBytes >= 0))
    throw new OperatingError(`evidenceBytes ${evidenceBytes}: it must be a whole number of bytes`);
  const happened: SimEvent[] = [];
  const simulation = new Simulation({
    spec,
    ...machine,
    execution: executionOf(options.engine),
    input,
    ...(typeAfter !== undefined && { typeAfter }),
    evidence: inMemory(evidenceBytes),
    print: (bytes) => onConsole?.(bytes.slice()),
    onEvent: (event) => {
      if (keepEvents) happened.push(event);
      onEvent?.(runEvent(event, guest.naming));
    },
  });
  return { simulation, happened, naming: guest.naming };
}

const typed = (input: string | Uint8Array): Uint8Array =>
  typeof input === 'string' ? new TextEncoder().encode(input) : input.slice();

/** Runs a guest to its end. */
export function simulate(guest: Guest, options: RunOptions): FinishedRun {
  const { simulation, happened, naming } = begin(guest, options);
  return new FinishedRun(simulation.run(), happened, naming);
}

/** The number of simulator events between two flushes of the recording. */
const FLUSH_EVENTS = 10_000;

/** Runs a guest to its end, and writes the recording to a file during the run. */
export function record(guest: Guest, path: string, options: RunOptions): FinishedRun {
  const { simulation, happened, naming } = begin(guest, options);
  let file: GrowingFile | undefined;
  try {
    const create = (first: Uint8Array) => {
      attempt(path, () => writeFileSync(path, first));
      file = attempt(path, () => new GrowingFile(path, first.length));
      return file;
    };
    const writer = new RecordingWriter(simulation.options.description, create, {
      images: imagesBeside(path),
    });
    simulation.observer.follow({
      append: (entry) => writer.append(entry),
      continueAs: (history) => {
        if (!simulation.observer.history.isWhole) throw notKept('log of inputs');
        writer.continueAs(history);
      },
    });
    while (simulation.advance(FLUSH_EVENTS)) writer.flush();
    writer.end(simulation.machine);
  } finally {
    file?.close();
  }
  return new FinishedRun(simulation, happened, naming);
}
