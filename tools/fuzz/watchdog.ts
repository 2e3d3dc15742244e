/** Detects a process without progress, on a host that may be overloaded. */
import { readdirSync, readFileSync } from 'node:fs';

export const TICK_MS = 250;
/** The CPU time without progress, and the ticks asleep, after which a process counts as stuck. */
const CPU_SECONDS_MAX = 1.5;
const TICKS_ASLEEP_MAX = 8;

interface Use {
  /** CPU time so far. */
  cpuSeconds: number;
  /** All threads are asleep: the process is neither running, nor runnable, nor stopped from outside. */
  asleep: boolean;
}

/** From Linux's /proc; on other systems a process always counts as asleep. */
function useOf(pid: number): Use {
  try {
    const stats = readdirSync(`/proc/${pid}/task`).map((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').split(') ')[1]!.split(' '),
    );
    const ticks = stats.reduce((sum, stat) => sum + Number(stat[11]) + Number(stat[12]), 0);
    return { cpuSeconds: ticks / 100, asleep: stats.every(([state]) => state === 'S') };
  } catch {
    return { cpuSeconds: 0, asleep: true };
  }
}

export class Watchdog {
  private before: bigint | undefined;
  private cpuBefore = 0;
  private ticksAsleep = 0;

  /** @param progress a number that changes whenever the process makes progress */
  constructor(
    private readonly pid: number,
    private readonly progress: () => bigint,
  ) {}

  /** To be called every {@link TICK_MS}: true when the process is stuck. */
  tick(): boolean {
    const [now, { cpuSeconds, asleep }] = [this.progress(), useOf(this.pid)];
    if (now !== this.before) {
      [this.before, this.cpuBefore, this.ticksAsleep] = [now, cpuSeconds, 0];
      return false;
    }
    if (asleep) this.ticksAsleep++;
    return cpuSeconds - this.cpuBefore > CPU_SECONDS_MAX || this.ticksAsleep > TICKS_ASLEEP_MAX;
  }
}
