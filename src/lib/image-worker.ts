/** The thread of {@link ImagesInThread}: writes images, unless the other thread has begun to do it itself. */
import { workerData } from 'node:worker_threads';
import { BEGUN, DONE, type ImageThreadData, OPEN, writeImages } from './image-thread.ts';

const { directory, images, progress, answer } = workerData as ImageThreadData;

if (Atomics.compareExchange(progress, 0, OPEN, BEGUN) === OPEN) {
  answer.postMessage(writeImages(directory, images));
  Atomics.store(progress, 0, DONE);
  Atomics.notify(progress, 0);
}
