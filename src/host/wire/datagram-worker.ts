/** The worker thread of {@link Datagrams}: repeats heartbeats, and answers with why a datagram could not be sent. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { DatagramSender, type SenderOptions } from './datagram-sender.ts';
import { datagramSocket } from './datagram-socket.ts';
import { HeartbeatRepeater, type SeriesOrder } from './heartbeat-repeater.ts';

/** The worker's data. */
export interface DatagramWorkerData extends SenderOptions {
  /** The IP address to send from. */
  address: string;
}

assert(parentPort, 'this runs in a worker');
const port = parentPort;
const { address, ...options } = workerData as DatagramWorkerData;
const failed = (why: string) => port.postMessage(why);
const socket = datagramSocket(address);
socket.on('error', (error) => failed(`datagrams can't be sent from ${address}: ${error.message}`));
socket.bind({ address, port: 0 });
const sender = new DatagramSender(socket, options, failed);
const repeater = new HeartbeatRepeater((to, payload) => sender.send(to, payload));
port.on('message', (order: SeriesOrder) => repeater.perform(order));
