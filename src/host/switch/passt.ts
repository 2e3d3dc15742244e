/**
 * A group's way to the outside through passt: connections of this machine into the guest, and the guest's connections
 * to the world, without privileges. passt keeps outside connections when this process reconnects to it.
 */
import { connect, type Socket } from 'node:net';
import { OperatingError } from '../../base/errors.ts';
import { Supervisor } from '../children.ts';
import { type Forward, unusable } from './forwards.ts';
import { FrameSocket } from './frame-socket.ts';
import type { NetworkPort } from './network-port.ts';
import { isOurs, PasstDirectory } from './passt-process.ts';

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
  /**
   * Where its socket is; made, and removed by `close`. One for each group, and the same when the switch starts again.
   * When root starts passt it runs as nobody, who must be able to reach it.
   */
  directory: string;
  forwards: readonly Forward[];
  network?: PasstNetwork;
  /** Receives one line for each event. */
  log: (line: string) => void;
  /** passt can't be run; the message says what to do. The port closes afterwards. */
  failed: (error: OperatingError) => void;
  command?: string;
}

/** passt creates its socket after it has started. */
const TRY_AGAIN_MS = 50;
/** How often a port is tried that a passt which has just ended may hold: its sockets are not closed at one instant. */
const RELEASE_TRIES = 100;
/** The guest's card takes Ethernet frames with 1500 bytes of payload. */
const MTU = 1500;

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
  onUp = () => {};
  onClose: (why: string) => void = () => {};
  private readonly directory: PasstDirectory;
  private readonly arguments: string[];
  private readonly supervisor: Supervisor;
  private frames: FrameSocket | undefined;
  private connecting: Socket | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** A passt that an earlier switch process has started. */
  private adopted: number | undefined;
  /** How often to wait for a host port in use: an earlier passt had it. */
  private releaseTries = 0;
  private running = false;
  private open = true;

  /** @throws {OperatingError} when the directory can't be used */
  constructor(private readonly options: PasstOptions) {
    const { group, forwards, network, log, command = 'passt' } = options;
    this.description = `passt of group ${group}`;
    this.directory = new PasstDirectory(options.directory);
    this.arguments = passtArguments(this.directory.socket, forwards, network);
    this.supervisor = new Supervisor({
      command,
      outputFile: this.directory.output,
      arguments: () => {
        this.directory.clear();
        return this.arguments;
      },
      install: "Install it with 'apt-get install passt', or use a TAP device instead.",
      log,
      started: (pid) => {
        this.directory.started(pid, this.arguments);
        this.runs();
      },
      ended: () => this.ended(),
      failed: (error) => this.fail(error),
      hopeless: (printed) => hopeless(printed, group),
    });
    // In a later turn, so that the owner can set its handlers.
    this.timer = setTimeout(() => this.begin(), 0);
  }

  /** passt's process id while it runs. */
  get pid(): number | undefined {
    return this.adopted ?? this.supervisor.pid;
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
    this.ended();
    this.frames?.close(why);
    if (this.adopted !== undefined) end(this.adopted);
    void this.supervisor.stop();
    this.directory.remove();
    this.onClose(why);
  }

  /** Takes over a passt that runs already, or starts one. */
  private begin(): void {
    if (!this.open) return;
    const left = this.directory.running(this.arguments);
    if (left?.same) {
      this.options.log(`${this.description}: process ${left.pid} still runs, and is used`);
      this.adopted = left.pid;
      this.releaseTries = RELEASE_TRIES;
      return this.runs();
    }
    if (left) {
      // Started with other forwards.
      end(left.pid);
      this.releaseTries = RELEASE_TRIES;
      this.timer = setTimeout(() => this.begin(), TRY_AGAIN_MS);
    } else void this.startNew();
  }

  private async startNew(): Promise<void> {
    for (const forward of this.options.forwards) {
      const why = await unusable(forward);
      if (why === undefined) continue;
      if (this.releaseTries-- <= 0) return this.fail(new OperatingError(`${this.description}: ${why}`));
      if (this.releaseTries === RELEASE_TRIES - 1)
        this.options.log(`${this.description}: ${why}; waiting for it`);
      if (this.open) this.timer = setTimeout(() => void this.startNew(), TRY_AGAIN_MS);
      return;
    }
    if (this.open) this.supervisor.start();
  }

  private fail(error: OperatingError): void {
    if (!this.open) return;
    this.options.failed(error);
    this.close(error.message);
  }

  private runs(): void {
    this.running = true;
    this.connect();
  }

  private ended(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.connecting?.destroy();
  }

  private connect(): void {
    const socket = connect(this.directory.socket);
    this.connecting = socket;
    socket.on('error', () => this.connectLater());
    socket.on('connect', () => {
      socket.removeAllListeners('error');
      this.connecting = undefined;
      const frames = new FrameSocket(socket, this.description);
      frames.onFrame = (frame) => this.onFrame(frame);
      frames.onClose = (why) => this.lost(why);
      this.frames = frames;
      this.onUp();
    });
  }

  private lost(why: string): void {
    this.frames = undefined;
    if (!this.open) return;
    this.options.log(`${this.description}: ${why}; connecting again`);
    this.connectLater();
  }

  private connectLater(): void {
    clearTimeout(this.timer);
    if (!this.open || !this.running) return;
    if (this.adopted !== undefined && !isOurs(this.adopted, this.directory.socket)) {
      this.adopted = undefined;
      this.running = false;
      this.begin();
    } else this.timer = setTimeout(() => this.connect(), TRY_AGAIN_MS);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}

/** What no restart repairs. */
function hopeless(printed: string, group: string): string | undefined {
  const usage = /Invalid|unrecognized option|Usage:/.exec(printed);
  if (usage) return `passt of group ${group} refuses its arguments: ${printed.trim().split('\n')[0]}`;
  return undefined;
}
