/**
 * A TAP device as a port, through socat. Between socat and this process each frame is one UDP datagram on the loopback
 * interface, because frames must keep their boundaries: pipes and stream sockets join them. Both sockets are connected,
 * so they take nothing from others; when this process dies, socat is refused, ends, and the device goes with it.
 */
import { createSocket, type Socket } from 'node:dgram';
import { OperatingError } from '../../base/errors.ts';
import { Supervisor } from '../children.ts';
import { isFrameSize, MAX_FRAME_BYTES, type NetworkPort } from './network-port.ts';

/** What a {@link TapPort} is made with. */
export interface TapOptions {
  /** The name of the device, of up to 15 letters, digits, `-` and `_`. */
  name: string;
  /** This machine's address on the device, as `10.1.2.3/24`; none when the device is put into a bridge. */
  address?: string;
  /** Receives one line for each event. */
  log: (line: string) => void;
  /** The device can't be made; the message says what to do. The port closes afterwards. */
  failed: (error: OperatingError) => void;
  command?: string;
}

const LOOPBACK = '127.0.0.1';
/** Datagrams queued in this process; frames that would make them more are dropped. */
const MAX_QUEUED_BYTES = 256 << 10;

/** A TAP device of this machine. While socat restarts, frames are lost; the device is then a new one of that name. */
export class TapPort implements NetworkPort {
  readonly description: string;
  onFrame: (frame: Uint8Array) => void = () => {};
  onClose: (why: string) => void = () => {};
  /** Frames that were not sent. */
  dropped = 0;
  private readonly socket: Socket;
  private readonly supervisor: Supervisor;
  private readonly options: TapOptions;
  private peerPort = 0;
  private connected = false;
  private open = true;

  /** @throws {OperatingError} when name or address are not of their form */
  constructor(options: TapOptions) {
    checkOptions(options);
    const { name, log, command = 'socat' } = options;
    this.options = options;
    this.description = `TAP device ${name}`;
    this.socket = createSocket('udp4');
    this.socket.on('message', (frame) => isFrameSize(frame.length) && this.onFrame(new Uint8Array(frame)));
    // Refused while socat restarts.
    this.socket.on('error', (error) => {
      if (!this.connected) this.fail(new OperatingError(`${this.description}: ${error.message}`));
    });
    this.supervisor = new Supervisor({
      command,
      arguments: () => this.arguments,
      install: "Install it with 'apt-get install socat', or use passt instead.",
      log,
      started: () => {},
      failed: (error) => this.fail(error),
      hopeless: (printed) => hopeless(printed, name),
    });
    this.start();
  }

  /** socat's process id while it runs. */
  get pid(): number | undefined {
    return this.supervisor.pid;
  }

  send(frame: Uint8Array): void {
    const fits =
      this.connected &&
      isFrameSize(frame.length) &&
      this.socket.getSendQueueSize() + frame.length <= MAX_QUEUED_BYTES;
    if (!fits) {
      this.dropped++;
      return;
    }
    this.socket.send(frame, (error) => {
      if (error) this.dropped++;
    });
  }

  close(why: string): void {
    if (!this.open) return;
    this.open = false;
    this.connected = false;
    void this.supervisor.stop();
    this.socket.close();
    this.onClose(why);
  }

  /** Takes a port for itself, finds one for socat, and starts it. */
  private start(): void {
    const probe = createSocket('udp4');
    const refused = (error: Error) => this.fail(new OperatingError(`${this.description}: ${error.message}`));
    probe.on('error', refused);
    probe.bind(0, LOOPBACK, () => {
      this.peerPort = probe.address().port;
      if (!this.open) {
        probe.close();
        return;
      }
      this.socket.bind(0, LOOPBACK, () => probe.close(() => this.connect()));
    });
  }

  private connect(): void {
    if (!this.open) return;
    this.socket.connect(this.peerPort, LOOPBACK, () => {
      if (!this.open) return;
      this.connected = true;
      this.supervisor.start();
    });
  }

  private get arguments(): string[] {
    const { name, address } = this.options;
    const device = address === undefined ? 'TUN' : `TUN:${address}`;
    const { port } = this.socket.address();
    return [
      // The size of a block must hold the largest frame: a longer one would be cut.
      ...['-b', String(MAX_FRAME_BYTES)],
      `${device},tun-type=tap,iff-no-pi,iff-up,tun-name=${name}`,
      `UDP4:${LOOPBACK}:${port},bind=${LOOPBACK}:${this.peerPort}`,
    ];
  }

  private fail(error: OperatingError): void {
    if (!this.open) return;
    this.options.failed(error);
    this.close(error.message);
  }
}

function checkOptions({ name, address }: TapOptions): void {
  // They become part of an argument in which commas and colons have a meaning.
  if (!/^[A-Za-z0-9_-]{1,15}$/.test(name))
    throw new OperatingError(`TAP device '${name}': a name has 1 to 15 letters, digits, - and _`);
  if (address !== undefined && !/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(address))
    throw new OperatingError(
      `TAP device ${name}: '${address}' is not an address with its prefix, as 10.1.2.3/24`,
    );
}

/** What no restart repairs. */
function hopeless(printed: string, name: string): string | undefined {
  if (/Permission denied|Operation not permitted/.test(printed))
    return (
      `not permitted to make TAP device ${name}: run the switch as root, ` +
      "give socat the right with 'setcap cap_net_admin+ep $(command -v socat)', or use passt, which needs none"
    );
  if (/No such file or directory/.test(printed))
    return `no TAP device ${name}: this machine has no /dev/net/tun; load it with 'modprobe tun', or use passt`;
  return undefined;
}
