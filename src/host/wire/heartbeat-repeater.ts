/**
 * Repeats heartbeats while the thread that sends them is busy. It runs in a worker thread, whose timers neither a long
 * computation nor the garbage collection of the main thread delays.
 */
import type { Destination } from './datagram-sender.ts';
import { HeartbeatSlot } from './heartbeat-slot.ts';

/**
 * How often the repeater looks whether there is a new heartbeat: a little more than the period at which replicas send
 * theirs (at most 20 ms), so that a thread that is on time is not noticed here.
 */
export const LOOK_MS = 22;
/**
 * How often one heartbeat is repeated, at the looks after the one that found it. The heartbeats that the main thread
 * sends are themselves the sign that it makes progress: without a new one for 66 to 88 ms the process falls silent, so
 * that an endless loop is detected that much later than a killed or stopped process, with which the worker ends or stops
 * as well. A turn of 60 ms leaves no gap.
 */
export const REPEATS = 3;

/** What the main thread says of a series: that it has begun, or ended. */
export type SeriesOrder =
  | { kind: 'begin'; series: string; to: Destination; memory: SharedArrayBuffer }
  | { kind: 'end'; series: string };

interface Series {
  to: Destination;
  slot: HeartbeatSlot;
  /** The version at the last look, and how often that heartbeat was repeated. */
  version: number;
  repeated: number;
}

/** See the head of this file. */
export class HeartbeatRepeater {
  private readonly all = new Map<string, Series>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly send: (to: Destination, payload: Uint8Array) => void) {}

  perform(order: SeriesOrder): void {
    if (order.kind === 'end') this.all.delete(order.series);
    else {
      const { series, to, memory } = order;
      this.all.set(series, { to, slot: new HeartbeatSlot(memory), version: 0, repeated: 0 });
    }
    if (this.all.size > 0) this.timer ??= setInterval(() => this.look(), LOOK_MS);
    else {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  private look(): void {
    for (const series of this.all.values()) {
      const { to, slot } = series;
      const { version } = slot;
      if (version !== series.version) {
        series.version = version;
        series.repeated = 0;
      } else if (version > 0 && series.repeated < REPEATS) {
        const payload = slot.read();
        if (!payload) continue;
        series.repeated++;
        this.send(to, payload);
      }
    }
  }
}
