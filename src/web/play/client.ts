/** The page's end of the channel to the worker. */
import type { Files } from './model/guests.ts';
import type { Answer, Request, TaskName, Tasks } from './worker/tasks.ts';

/** A task that a newer one, or the reader, has ended. */
export class Ended extends Error {}

/** A task that has failed; one that is not `expected` is a bug. */
export class Failed extends Error {
  constructor(
    message: string,
    readonly expected: boolean,
  ) {
    super(message);
  }
}

interface Call {
  task: TaskName;
  progress: ((value: never) => void) | undefined;
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/** Sends tasks to a worker. */
export class Client {
  private readonly worker: Worker;
  private readonly calls = new Map<number, Call>();
  private last = 0;
  /** @throws {DOMException} if the browser allows no worker here */
  constructor(script: BlobPart, files: Files) {
    const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    this.worker = new Worker(url);
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => this.answered(data);
    this.worker.onerror = (event) => {
      for (const id of [...this.calls.keys()])
        this.answered({ id, kind: 'error', message: event.message, expected: false });
    };
    this.worker.postMessage(files);
  }

  /**
   * Does a task; a newer one of the same name ends it, and so does the signal.
   * @throws {Ended | Failed}
   */
  call<N extends TaskName>(
    task: N,
    argument: Tasks[N]['argument'],
    progress?: (value: Tasks[N]['progress']) => void,
    signal?: AbortSignal,
  ): Promise<Tasks[N]['result']> {
    const id = ++this.last;
    this.worker.postMessage({ id, task, argument } as Request);
    signal?.addEventListener('abort', () => this.end(id));
    return new Promise<Tasks[N]['result']>((resolve, reject) => {
      this.calls.set(id, { task, progress, resolve, reject } as unknown as Call);
    });
  }

  /** Ends the tasks of a name. */
  cancel(name: TaskName): void {
    for (const [id, { task }] of this.calls) if (task === name) this.end(id);
  }

  private end(id: number): void {
    this.worker.postMessage({ id, task: 'cancel' } satisfies Request);
  }

  private answered(answer: Answer): void {
    const call = this.calls.get(answer.id);
    if (!call) return;
    if (answer.kind === 'progress') return call.progress?.(answer.progress as never);
    this.calls.delete(answer.id);
    if (answer.kind === 'result') call.resolve(answer.result as never);
    else if (answer.kind === 'ended') call.reject(new Ended('ended'));
    else call.reject(new Failed(answer.message, answer.expected));
  }
}
