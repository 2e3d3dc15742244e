/**
 * Repeats heartbeats while the thread that sends them is busy. It runs in a worker thread, whose timers neither a long
 * computation nor the garbage collection of the main thread delays.
 */
import type { Destination } from './datagram-sender.ts';
import { HeartbeatSlot, sharedMs } from './heartbeat-slot.ts';

/**
 * After so long without a new heartbeat the last one is sent again: a little more than the period at which replicas send
 * theirs (30 ms on a real host), so that a thread that is on time is not noticed here.
 */
export const REPEAT_MS = 36;
/**
 * How often one heartbeat is repeated. The heartbeats that the main thread sends are themselves the sign that it makes
 * progress: 72 ms after the last one the process falls silent, so that an endless loop is detected that much later than a
 * killed or stopped process, with which the worker ends or stops as well. A turn of 100 ms leaves no gap.
 */
export const REPEATS = 2;

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

  constructor(private readonly send: (to: Destination, payload: Uint8Array) => void) {}

  perform(order: SeriesOrder): void {
    if (order.kind === 'end') this.all.delete(order.series);
    else {
      const { series, to, memory } = order;
      this.all.set(series, { to, slot: new HeartbeatSlot(memory), version: 0, repeated: 0 });
    }
  }

  /** Repeats what is due; returns after how many ms to look again, undefined without a series. */
  look(): number | undefined {
    if (this.all.size === 0) return undefined;
    const nowMs = sharedMs();
    let waitMs = REPEAT_MS;
    for (const series of this.all.values()) waitMs = Math.min(waitMs, this.wait(series, nowMs));
    return waitMs;
  }

  private wait(series: Series, nowMs: number): number {
    const { to, slot } = series;
    const { version } = slot;
    if (version !== series.version) {
      series.version = version;
      series.repeated = 0;
    }
    const heartbeat = version > 0 && series.repeated < REPEATS ? slot.read() : undefined;
    if (!heartbeat) return REPEAT_MS;
    const leftMs = heartbeat.atMs + (series.repeated + 1) * REPEAT_MS - nowMs;
    if (leftMs > 0) return leftMs;
    series.repeated++;
    this.send(to, heartbeat.payload);
    return REPEAT_MS;
  }
}
