/** The worker thread of {@link Datagrams}: repeats heartbeats, and answers with why a datagram could not be sent. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
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
let sent = false;
let runsAgain = false;
const repeater = new HeartbeatRepeater((to, payload) => {
  sent = true;
  sender.send(to, payload);
});
const nothing = new Int32Array(new SharedArrayBuffer(4));

/**
 * Looks after the heartbeats until there is none. It waits outside the event loop, where a look costs a third: an idle
 * process looks thirty times a second. Of what was sent, the event loop has to learn what became of it.
 */
function run(): void {
  runsAgain = false;
  for (;;) {
    for (let order = receiveMessageOnPort(port); order; order = receiveMessageOnPort(port))
      repeater.perform(order.message as SeriesOrder);
    sent = false;
    const waitMs = repeater.look();
    if (waitMs === undefined) return;
    if (sent) {
      runsAgain = true;
      setTimeout(run, 1);
      return;
    }
    Atomics.wait(nothing, 0, 0, waitMs);
  }
}

port.on('message', (order: SeriesOrder) => {
  repeater.perform(order);
  if (!runsAgain) run();
});
