/** Boot images that are written by a thread, beside the run. */
import { join } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { OperatingError } from '../base/errors.ts';
import type { KeptImages } from '../replay/images.ts';
import { writeImage } from './image-file.ts';
import { packageRoot } from './package.ts';

/** How far the work is: in a word that both threads see. Whoever changes it from `OPEN` to `BEGUN` does it. */
export const OPEN = 0;
export const BEGUN = 1;
export const DONE = 2;

/** The thread's data. */
export interface ImageThreadData {
  directory: string;
  images: readonly Uint8Array[];
  progress: Int32Array;
  /** Gets an {@link ImageAnswer} before the work is `DONE`. */
  answer: MessagePort;
}

/** The names of the images, or why one can't be written: an operating error's message, or a bug. */
export type ImageAnswer = { names: string[] } | { refused: string } | { bug: Error };

export function writeImages(directory: string, images: readonly Uint8Array[]): ImageAnswer {
  try {
    return { names: images.map((image) => writeImage(directory, image)) };
  } catch (error) {
    return error instanceof OperatingError ? { refused: error.message } : { bug: error as Error };
  }
}

/** See the head of this file. Waiting for it works without the event loop, also while the process exits. */
export class ImagesInThread implements KeptImages {
  private readonly progress = new Int32Array(new SharedArrayBuffer(4));
  private readonly answer: MessagePort;
  private known: ImageAnswer | undefined;

  constructor(
    private readonly directory: string,
    private readonly images: readonly Uint8Array[],
  ) {
    const { port1, port2 } = new MessageChannel();
    this.answer = port1;
    // What is neither shared nor transferred would be copied while it is serialized, and again.
    const copies: ArrayBuffer[] = [];
    const given = images.map((image) => {
      if (image.buffer instanceof SharedArrayBuffer) return image;
      const copy = new Uint8Array(image);
      copies.push(copy.buffer);
      return copy;
    });
    const data: ImageThreadData = { directory, images: given, progress: this.progress, answer: port2 };
    const worker = new Worker(join(packageRoot(), 'dist/image-worker.js'), {
      workerData: data,
      transferList: [port2, ...copies],
    });
    // The process ends when it has waited for the names. A thread that can't start leaves the work to it.
    worker.unref();
    worker.on('error', () => {});
  }

  get isReady(): boolean {
    return this.known !== undefined || Atomics.load(this.progress, 0) === DONE;
  }

  get names(): readonly string[] {
    this.known ??= this.result();
    if ('refused' in this.known) throw new OperatingError(this.known.refused);
    if ('bug' in this.known) throw this.known.bug;
    return this.known.names;
  }

  private result(): ImageAnswer {
    const { progress, directory, images } = this;
    // On a busy machine the thread may not have begun when the run is over.
    if (Atomics.compareExchange(progress, 0, OPEN, BEGUN) === OPEN) return writeImages(directory, images);
    Atomics.wait(progress, 0, BEGUN);
    const received = receiveMessageOnPort(this.answer);
    assert(received, 'the thread has answered');
    return received.message as ImageAnswer;
  }
}
