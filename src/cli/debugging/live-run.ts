/** A run in the simulator that goes on only as far as its debugger asks. */
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LiveRun } from '../../debug/session.ts';
import { GrowingFile } from '../../lib/files.ts';
import { LogReader } from '../../replay/log-file.ts';
import { RecordingWriter } from '../../replay/recorder.ts';
import type { Place } from '../../replay/snapshots.ts';
import { Timeline, type TimelineOptions } from '../../replay/timeline.ts';
import type { Simulation } from '../../sim/cluster/cluster.ts';
import { idleNs, positionOf } from '../terminal/session.ts';

/** How far the run goes ahead of its debugger at a time: enough that looking at its history again costs little. */
const AHEAD = { steps: 1_000_000, ms: 10 };
/** Shorter pauses accumulate: a timer is not more precise. */
const MIN_PAUSE_NS = 5e6;

/** See the head of this file. The machine that is debugged replays its history, as a backup does. */
export class SimulatedRun implements LiveRun {
  readonly timeline: Timeline;
  private readonly reader: LogReader;
  private readonly writer: RecordingWriter;
  /** Where the history became another one since the timeline was told. */
  private changed: Place | undefined;
  private isOver = false;
  /** An attended guest that is idle goes on in real time. */
  private pausedUntilMs = 0;
  private owedNs = 0;

  /** @param failedOver is told the position from which the survivor of a failover goes on */
  constructor(
    private readonly simulation: Simulation,
    options: TimelineOptions,
    private readonly failedOver: (icount: number) => void,
  ) {
    const file = unnamedFile();
    this.writer = new RecordingWriter(simulation.options.description, (head) => {
      file.append(head);
      return file;
    });
    this.reader = new LogReader(file, 'the history of the run');
    this.timeline = new Timeline(this.reader.description, this.reader, {
      ...options,
      end: () => simulation.machine.icount,
    });
    simulation.observer.follow({
      append: (entry) => this.writer.append(entry),
      continueAs: (history) => this.becomes(this.writer.continueAs(history)),
    });
    this.changed = undefined;
  }

  /** The history has this many entries in common with the one before. */
  private becomes(consumed: number): void {
    this.reader.truncated(consumed);
    const { icount } = this.simulation.machine;
    this.changed = {
      icount: Math.min(icount, this.changed?.icount ?? icount),
      consumed: Math.min(consumed, this.changed?.consumed ?? consumed),
    };
  }

  advance(): 'more' | 'waiting' | 'over' {
    if (this.isOver) return 'over';
    if (performance.now() < this.pausedUntilMs) return 'waiting';
    const { simulation } = this;
    const before = positionOf(simulation);
    const started = performance.now();
    while (
      !this.isOver &&
      this.changed === undefined &&
      simulation.machine.icount - before.icount < AHEAD.steps &&
      performance.now() - started < AHEAD.ms
    )
      this.isOver = !simulation.advance(1);
    if (simulation.options.attended) this.pace(idleNs(simulation, before, positionOf(simulation)));
    return this.tell(before.icount);
  }

  /** Idle time of an attended guest passes in real time. */
  private pace(ns: number): void {
    this.owedNs += ns;
    if (this.owedNs < MIN_PAUSE_NS) return;
    this.pausedUntilMs = performance.now() + this.owedNs / 1e6;
    this.owedNs = 0;
  }

  private tell(before: number): 'more' | 'waiting' {
    this.writer.flush();
    const { changed, timeline } = this;
    if (changed) {
      this.changed = undefined;
      this.failedOver(changed.icount);
      timeline.truncated(changed);
      return 'more';
    }
    timeline.resume();
    return this.isOver || this.simulation.machine.icount > before || timeline.next?.icount === timeline.icount
      ? 'more'
      : 'waiting';
  }
}

/** A file that the system removes with the process. */
function unnamedFile(): GrowingFile {
  const directory = mkdtempSync(join(tmpdir(), 'vmft-debug-'));
  const path = join(directory, 'history.log');
  closeSync(openSync(path, 'wx', 0o600));
  const file = new GrowingFile(path, 0);
  rmSync(directory, { recursive: true });
  return file;
}
