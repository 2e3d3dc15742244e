/** The worker thread of {@link Datagrams}: performs its orders, and answers with why a datagram could not be sent. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { DatagramSender, type SenderOptions, type SenderOrder } from './datagram-sender.ts';

/** The worker's data. */
export interface DatagramWorkerData extends SenderOptions {
  /** One word: the number of orders that were given and are not performed yet. */
  pending: Int32Array;
}

assert(parentPort, 'this runs in a worker');
const port = parentPort;
const { pending, ...options } = workerData as DatagramWorkerData;
const sender = new DatagramSender(options, (why) => port.postMessage(why));
port.on('message', (order: SenderOrder) => {
  Atomics.sub(pending, 0, 1);
  sender.perform(order);
});
