/**
 * A group's way to the outside through passt: connections of this machine into the guest, and the guest's connections
 * to the world, without privileges. passt keeps outside connections when this process reconnects to it.
 */
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperatingError } from '../../base/errors.ts';
import { Supervisor } from './children.ts';
import type { Forward } from './forwards.ts';
import { FrameSocket } from './frame-socket.ts';
import type { NetworkPort } from './network-port.ts';

/** The guest's addresses behind passt. */
export interface PasstNetwork {
  guestAddress: string;
  prefixBits: number;
  gateway: string;
}

/** The addresses that QEMU's user network has made usual. */
export const usualNetwork: PasstNetwork = { guestAddress: '10.0.2.15', prefixBits: 24, gateway: '10.0.2.2' };

/** What a {@link PasstPort} is made with. */
export interface PasstOptions {
  group: string;
  forwards: readonly Forward[];
  network?: PasstNetwork;
  /** Receives one line for each event. */
  log: (line: string) => void;
  /** passt can't be run; the message says what to do. The port closes afterwards. */
  failed: (error: OperatingError) => void;
  command?: string;
}

/** passt creates its socket after it has started. */
const CONNECT_AGAIN_MS = 50;
/** The guest's card takes Ethernet frames with 1500 bytes of payload. */
const MTU = 1500;
/** passt drops to this user when root starts it, and creates its socket as that. */
const NOBODY = 65_534;

/** The arguments of passt. */
export function passtArguments(
  socketPath: string,
  forwards: readonly Forward[],
  { guestAddress, prefixBits, gateway }: PasstNetwork = usualNetwork,
): string[] {
  const forwarding = forwards.flatMap(({ protocol, hostAddress, hostPort, guestPort }) => [
    protocol === 'tcp' ? '-t' : '-u',
    `${hostAddress}/${hostPort}:${guestPort}`,
  ]);
  const addresses = ['-a', guestAddress, '-n', String(prefixBits), '-g', gateway];
  return ['-f', '-4', '-s', socketPath, ...addresses, '-m', String(MTU), ...forwarding];
}

/** passt, started and supervised, as a port. While it restarts, frames are lost. */
export class PasstPort implements NetworkPort {
  readonly description: string;
  onFrame: (frame: Uint8Array) => void = () => {};
  onClose: (why: string) => void = () => {};
  private readonly directory: string;
  private readonly supervisor: Supervisor;
  private readonly log: (line: string) => void;
  private frames: FrameSocket | undefined;
  private connecting: Socket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running = false;
  private open = true;

  constructor({ group, forwards, network, log, failed, command = 'passt' }: PasstOptions) {
    this.description = `passt of group ${group}`;
    this.log = log;
    this.directory = makeDirectory();
    this.supervisor = new Supervisor({
      command,
      arguments: () => {
        // A passt that was killed leaves its socket behind, and the next one would not start.
        rmSync(this.socketPath, { force: true });
        return passtArguments(this.socketPath, forwards, network);
      },
      install: "Install it with 'apt-get install passt', or use a TAP device instead.",
      log,
      started: () => this.childStarted(),
      ended: () => this.childEnded(),
      failed: (error) => {
        failed(error);
        this.close(error.message);
      },
      hopeless: (printed) => hopeless(printed, group),
    });
    this.supervisor.start();
  }

  /** passt's process id while it runs. */
  get pid(): number | undefined {
    return this.supervisor.pid;
  }

  /** Whether frames can pass at present. */
  get connected(): boolean {
    return this.frames !== undefined;
  }

  send(frame: Uint8Array): void {
    this.frames?.send(frame);
  }

  close(why: string): void {
    if (!this.open) return;
    this.open = false;
    this.childEnded();
    this.frames?.close(why);
    this.supervisor.stop();
    rmSync(this.directory, { recursive: true, force: true });
    this.onClose(why);
  }

  private get socketPath(): string {
    return join(this.directory, 'socket');
  }

  private childStarted(): void {
    this.running = true;
    this.connect();
  }

  private childEnded(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.connecting?.destroy();
  }

  private connect(): void {
    const socket = connect(this.socketPath);
    this.connecting = socket;
    socket.on('error', () => this.connectLater());
    socket.on('connect', () => {
      socket.removeAllListeners('error');
      this.connecting = undefined;
      const frames = new FrameSocket(socket, this.description);
      frames.onFrame = (frame) => this.onFrame(frame);
      frames.onClose = (why) => this.lost(why);
      this.frames = frames;
    });
  }

  private lost(why: string): void {
    this.frames = undefined;
    if (!this.open) return;
    this.log(`${this.description}: ${why}; connecting again`);
    this.connectLater();
  }

  private connectLater(): void {
    clearTimeout(this.timer);
    if (this.open && this.running) this.timer = setTimeout(() => this.connect(), CONNECT_AGAIN_MS);
  }
}

/** A directory that only passt's user and root can enter. */
function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vmft-passt-'));
  chmodSync(directory, 0o700);
  if (process.getuid?.() === 0) chownSync(directory, NOBODY, NOBODY);
  return directory;
}

/** What no restart repairs. */
function hopeless(printed: string, group: string): string | undefined {
  const usage = /Invalid|unrecognized option|Usage:/.exec(printed);
  if (usage) return `passt of group ${group} refuses its arguments: ${printed.trim().split('\n')[0]}`;
  return undefined;
}
