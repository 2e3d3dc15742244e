import type { Random } from '../../base/random.ts';
import { Generations } from '../../cluster/edge/generations.ts';
import type { DiskRequest } from '../../devices/device.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { AnswerFault } from '../faults/faults.ts';
import type { Disk } from './disk.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * The bound of a late answer's delay: meanwhile the sender may have repeated the request, or another may have claimed.
 */
const LATE_NS = 30_000_000;

/**
 * Shared storage: the records of the generations, and the shared disk. It outlives the hosts. Disk operations of an
 * older generation are refused (fencing).
 */
export class Storage {
  /** The number of outages and restarts under way, which may overlap. */
  outages = 0;
  /** The faults of answers under way; the last one decides. */
  readonly answerFaults: AnswerFault[] = [];
  readonly generations: Generations;

  constructor(
    first: GenerationRecord,
    readonly disk: Disk,
    fencing: boolean,
    private readonly scheduler: Scheduler,
    private readonly random: Random,
  ) {
    this.generations = new Generations(first, fencing);
  }

  /** Requests get no answer: an outage, or a restart. */
  get isDown(): boolean {
    return this.outages > 0;
  }

  /** Sends an answer, subject to the current faults. */
  answer(send: () => void): void {
    if (this.isDown) return;
    switch (this.answerFaults.at(-1)) {
      case 'never':
        return;
      case 'late':
        return this.scheduler.in(this.random.below(LATE_NS), () => !this.isDown && send());
      case 'twice':
        send();
        return this.scheduler.in(this.random.below(LATE_NS), () => !this.isDown && send());
      default:
        return send();
    }
  }

  perform(
    operation: { id: number; request: DiskRequest; generation: number; lowWater: number },
    answer: (status: number | 'refused', data: Uint8Array) => void,
  ): void {
    const { id, request, generation, lowWater } = operation;
    if (!this.generations.admits(generation)) return answer('refused', new Uint8Array(0));
    this.disk.perform(id, request, lowWater, answer);
  }
}
