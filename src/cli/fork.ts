/** `vmft fork`: a recorded run that goes on from one of its positions with other faults or other input. */
import { OperatingError } from '../base/errors.ts';
import { xxh32 } from '../base/xxh32.ts';
import { DebugSession } from '../debug/session.ts';
import { SECTOR_BYTES } from '../devices/device.ts';
import { Timeline } from '../replay/timeline.ts';
import { forked } from '../sim/cluster/fork.ts';
import { Retrace, type RunMoment } from '../sim/cluster/retrace.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import { type Fault, timeOf } from '../sim/faults/faults.ts';
import { type RecordedRun, readRun } from '../sim/spec/origin.ts';
import { mustSuit, validated } from '../sim/spec/spec.ts';
import { virtioOf } from '../vmm/description.ts';
import { Divergence } from '../vmm/doors.ts';
import { diskContentOf } from '../vmm/guest/placement.ts';
import type { SymbolOptions } from './debugging/options.ts';
import { type ForkPosition, goTo, type Position } from './debugging/position.ts';
import { readNaming } from './debugging/symbols.ts';
import { FileSpool } from './evidence.ts';
import { LIMIT_BYTES, readBytes } from './files.ts';
import { openRecording } from './open-recording.ts';
import type { ForkFault } from './options.ts';
import { type PerformOptions, perform, progressOf } from './perform.ts';
import { asOptions } from './spec-options.ts';
import { StatusLine } from './terminal/status-line.ts';

/** The options of `vmft fork`. */
export interface ForkOptions extends Omit<PerformOptions, 'ft'>, SymbolOptions {
  at: ForkPosition;
  crash?: ForkFault[];
  pause?: ForkFault[];
  partition?: ForkFault[];
  delay?: ForkFault[];
  fault?: ForkFault[];
  dropFaults?: boolean;
  input?: string;
  maxSteps?: number;
}

/** Number of events between two updates of the status line. */
const TURN_EVENTS = 1000;

/**
 * Makes a recorded run again: up to the fork without output, and from there with the changes; returns the exit code.
 * @throws {OperatingError} when it can't be made again, is another one, or a change would come before the fork
 */
export async function fork(path: string, options: ForkOptions): Promise<number> {
  const { maxSteps, dropFaults = false, quiet } = options;
  const run = readRun(openRecording(path), path);
  const { origin } = run;
  const input = options.input === undefined ? undefined : readBytes(options.input, LIMIT_BYTES.typed);
  const { description } = run.recording;
  const { diskFiles } = origin;
  const guest = { description, diskContent: diskContentFor(run, path), diskFiles };
  const given = givenFaults(options, run);
  const moment = momentOf(run, path, options);
  if (maxSteps !== undefined && 'icount' in moment && maxSteps < moment.icount)
    throw new OperatingError(`--max-steps ${maxSteps} is before the fork, at icount ${moment.icount}`);
  const retrace = new Retrace(run, moment, path, {
    ...{ description, diskContent: guest.diskContent, maxSteps },
    execution: { engine: options.engine },
    added: given.filter(({ sinceFork }) => !sinceFork).map(({ fault }) => fault),
    evidence: { histories: new FileSpool() },
  });
  const status = new StatusLine(
    process.stderr,
    progressOf(() => retrace.simulation, false),
  );
  while (retrace.advance(TURN_EVENTS)) if (!quiet) status.show();
  status.clear();
  const { icount } = retrace;
  const atNs = retrace.atNs!;
  const changes = { faults: given.map((one) => placed(one, atNs)), dropFaults, input, maxSteps };
  if (!quiet) process.stderr.write(`${path} goes on from icount ${icount}, at ${atNs / 1e6} ms\n`);
  return perform(
    {
      name: description.program,
      guest,
      input: origin.input,
      typeAfter: origin.typeAfter,
      attended: origin.attended,
      naming: readNaming(options.symbols),
      ...forked(run, retrace, changes),
      fromNs: atNs,
      facts: { fork: { recording: path, icount, atMs: atNs / 1e6 } },
    },
    { ...options, ft: origin.spec.backups > 0 },
  );
}

/** The added faults, checked against the cluster and the guest of the run. */
function givenFaults(options: ForkOptions, { origin: { spec }, recording }: RecordedRun): ForkFault[] {
  const { crash = [], pause = [], partition = [], delay = [], fault = [] } = options;
  const given = [...crash, ...pause, ...partition, ...delay, ...fault];
  const faults = [...spec.faults, ...given.map((one) => one.fault)];
  const whole = asOptions(() =>
    validated({ ...spec, faults, ...(options.maxSteps !== undefined && { maxSteps: options.maxSteps }) }),
  );
  mustSuit(whole, recording.description.memorySizeBytes);
  const added = whole.faults.slice(spec.faults.length);
  return given.map(({ sinceFork }, index) => ({ fault: added[index]!, sinceFork }));
}

/** An added fault whose time counts from boot. @throws {OperatingError} when that is before the fork */
function placed({ fault, sinceFork }: ForkFault, forkNs: number): Fault {
  const ns = timeOf(fault);
  if (ns === undefined || fault.after) return fault;
  if (sinceFork)
    return 'atNs' in fault
      ? { ...fault, atNs: fault.atNs + forkNs }
      : { ...fault, when: { at: 'time', ns: ns + forkNs } };
  if (ns >= forkNs) return fault;
  throw new OperatingError(
    `${faultText(fault)} is before the fork, at ${forkNs / 1e6} ms; times count from boot, or from the fork as in crash:primary@fork:5ms`,
  );
}

/** The initial content of the disks. @throws {OperatingError} when a disk's file has changed since the run */
function diskContentFor(
  { origin: { diskFiles, diskChecksum }, recording }: RecordedRun,
  path: string,
): Uint8Array {
  const contents = diskFiles.map((file) => (file === undefined ? new Uint8Array(0) : readBytes(file)));
  const files = diskFiles.filter((file) => file !== undefined);
  const { virtio } = recording.description;
  if (files.length === 0) return diskContentOf(virtio, []);
  const sizes = virtioOf({ virtio }, 'blk').map(({ sectors }) => sectors * SECTOR_BYTES);
  if (contents.every(({ length }, index) => length <= sizes[index]!)) {
    const all = diskContentOf(virtio, contents);
    if (xxh32(all) === diskChecksum) return all;
  }
  throw new OperatingError(
    `${files.join(', ')}: not as when ${path} was recorded, and the run began with that disk; put it back as it was`,
  );
}

/** Where the run is forked. @throws {OperatingError} when the recording ends before */
function momentOf(run: RecordedRun, path: string, { at, engine }: ForkOptions): RunMoment {
  switch (at.at) {
    case 'virtual time':
      return { atNs: at.ns };
    case 'end':
      return { icount: run.icount };
    case 'icount':
      if (at.count <= run.icount) return { icount: at.count };
      throw new OperatingError(`${path} ends before icount ${at.count}, at icount ${run.icount}`);
    default:
      return { icount: replayed(run, path, at, { engine }) };
  }
}

/** The `icount` of a position. @throws {OperatingError} when the recording ends before */
function replayed(
  { recording }: RecordedRun,
  path: string,
  position: Position,
  execution: Pick<ForkOptions, 'engine'>,
): number {
  const session = new DebugSession(new Timeline(recording.description, recording, { execution }));
  const operation = goTo(session, position);
  try {
    for (;;) {
      const { done, value } = operation.next();
      if (!done) continue;
      if (value.why !== 'end') return session.icount;
      throw new OperatingError(`${path} ends before that position, at icount ${session.icount}`);
    }
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    throw new OperatingError(
      `${path}: the replay diverges ${error.message}; it was recorded by another machine or another vmft`,
    );
  }
}
