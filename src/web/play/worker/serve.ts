/** Does tasks in slices, in turn, so that a newer request ends an older one of the same name. */
import { OperatingError } from '../../../base/errors.ts';
import type { Answer, Request, TaskName, Workers } from './tasks.ts';

/** The time of a slice: how long a request waits at most, if no step of a task is longer. In milliseconds. */
const SLICE_MS = 20;

/** What the server is made with. */
export interface Place {
  nowMs: () => number;
  /** Lets what has arrived be handled. */
  turn: () => Promise<void>;
  send: (answer: Answer) => void;
}

interface Job {
  id: number;
  task: TaskName;
  work: Generator<unknown, unknown, void>;
  isEnded: boolean;
}

/** Serves tasks. {@link handle} receives the requests. */
export class TaskServer {
  private readonly jobs: Job[] = [];
  private isWorking = false;

  constructor(
    private readonly workers: Workers,
    private readonly place: Place,
  ) {}

  handle(request: Request): void {
    if (request.task === 'cancel') {
      this.end((job) => job.id === request.id);
      return;
    }
    this.end((job) => job.task === request.task);
    const worker = this.workers[request.task] as (argument: unknown) => Job['work'];
    // The work begins when its turn comes.
    this.jobs.push({ id: request.id, task: request.task, work: worker(request.argument), isEnded: false });
    if (!this.isWorking) void this.work();
  }

  private end(isMeant: (job: Job) => boolean): void {
    for (const job of this.jobs.filter(isMeant)) {
      job.isEnded = true;
      this.jobs.splice(this.jobs.indexOf(job), 1);
      this.place.send({ id: job.id, kind: 'ended' });
    }
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    for (;;) {
      await this.place.turn();
      const [job] = this.jobs;
      if (!job) break;
      const answer = this.slice(job);
      this.place.send(answer);
      this.jobs.shift();
      if (answer.kind === 'progress') this.jobs.push(job);
    }
    this.isWorking = false;
  }

  private slice({ id, work }: Job): Answer {
    const end = this.place.nowMs() + SLICE_MS;
    try {
      for (;;) {
        const { done, value } = work.next();
        if (done) return { id, kind: 'result', result: value };
        if (this.place.nowMs() >= end) return { id, kind: 'progress', progress: value };
      }
    } catch (error) {
      const expected = error instanceof OperatingError;
      const message = error instanceof Error ? error.message : String(error);
      return { id, kind: 'error', message, expected };
    }
  }
}
