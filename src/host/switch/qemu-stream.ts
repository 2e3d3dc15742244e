/** QEMU machines on a group's network: each connection of a `-netdev stream` is a port. */
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { OperatingError } from '../../base/errors.ts';
import { type Log, limitedLog } from '../limited-log.ts';
import { FrameSocket } from './frame-socket.ts';
import { MAX_PORTS } from './learning.ts';
import type { NetworkPort } from './network-port.ts';

/** Where to listen: a Unix socket, or TCP; anyone who can connect to the latter is on the network. */
export type StreamAddress = { path: string } | { host: string; port: number };

/** What a {@link QemuStreams} is made with. */
export interface QemuStreamOptions {
  address: StreamAddress;
  /** A machine has connected; throws when its port can't be used. */
  connected: (port: NetworkPort) => void;
  /** Receives one line for each event. */
  log: (line: string) => void;
}

/** Listens for `-netdev stream,id=n,server=off,addr.type=unix,addr.path=PATH`, and TCP likewise. */
export class QemuStreams {
  private readonly server: Server;
  private readonly open = new Set<FrameSocket>();
  private accepted = 0;

  /** Who connects again and again must not fill a disk. */
  private readonly log: Log;

  private constructor(private readonly options: QemuStreamOptions) {
    this.log = limitedLog(options.log);
    this.server = createServer((socket) => this.accept(socket));
    this.server.maxConnections = MAX_PORTS;
  }

  /** Listens. @throws {OperatingError} when that is not possible */
  static async listen(options: QemuStreamOptions): Promise<QemuStreams> {
    const streams = new QemuStreams(options);
    const { address } = options;
    if ('path' in address) removeSocket(address.path);
    await new Promise<void>((resolve, reject) => {
      streams.server.once('error', (error) =>
        reject(new OperatingError(`${streams.where}: ${error.message}; choose another address`)),
      );
      streams.server.listen(address, resolve);
    });
    streams.server.on('error', (error) => options.log(`${streams.where}: ${error.message}`));
    if ('path' in address) chmodSync(address.path, 0o600);
    return streams;
  }

  /** The port that TCP listens on. */
  get port(): number | undefined {
    const address = this.server.address();
    return typeof address === 'object' && address ? address.port : undefined;
  }

  /** Stops listening, and closes every connection. */
  close(why: string): void {
    this.server.close();
    for (const port of [...this.open]) port.close(why);
    const { address } = this.options;
    if ('path' in address) rmSync(address.path, { force: true });
  }

  private get where(): string {
    const { address } = this.options;
    return `QEMU streams at ${'path' in address ? address.path : `${address.host}:${address.port}`}`;
  }

  private accept(socket: Socket): void {
    const { log } = this;
    const { connected } = this.options;
    socket.setNoDelay(true);
    const description = `QEMU machine ${++this.accepted}`;
    const port = new FrameSocket(socket, description);
    this.open.add(port);
    socket.on('close', () => {
      this.open.delete(port);
      log(`${description} is gone`);
    });
    try {
      connected(port);
      log(`${description} is connected`);
    } catch (error) {
      port.close(error instanceof Error ? error.message : String(error));
    }
  }
}

/** A socket that a killed process left behind prevents listening; anything else at its path is not ours to remove. */
function removeSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found && !found.isSocket())
    throw new OperatingError(`${path} exists and is not a socket; choose another path`);
  if (found) rmSync(path);
}
