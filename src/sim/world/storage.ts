import type { Random } from '../../base/random.ts';
import { Generations } from '../../cluster/edge/generations.ts';
import type { DiskRequest } from '../../devices/device.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { AnswerFault } from '../faults/faults.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Disk } from './disk.ts';

/** A late answer comes at most so much later, when the one who asked may have asked again, or another may have claimed. */
const LATE_NS = 30_000_000;

/**
 * Shared storage: a record for each generation, created once by test-and-set, and the disk of the VM. It outlives the hosts. What
 * comes from a generation that is not the newest is refused (fencing).
 */
export class Storage {
  /** Nothing that arrives is looked at: outages may overlap, and so may restarts. */
  outages = 0;
  /** What is wrong with answers. */
  answerFault: AnswerFault | undefined;
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

  get away(): boolean {
    return this.outages > 0;
  }

  /** Answers somebody, as far as there is anybody to answer. */
  answer(send: () => void): void {
    if (this.away) return;
    switch (this.answerFault) {
      case 'never':
        return;
      case 'late':
        return this.scheduler.in(this.random.below(LATE_NS), () => !this.away && send());
      case 'twice':
        send();
        return this.scheduler.in(this.random.below(LATE_NS), () => !this.away && send());
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
