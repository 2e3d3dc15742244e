/**
 * A client of one NBD export: fixed newstyle negotiation, simple replies.
 * The protocol: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { OperatingError } from '../../base/errors.ts';
import { SocketReader } from './socket-reader.ts';

const NBD_MAGIC = 0x4e42444d41474943n;
const IHAVEOPT = 0x49484156454f5054n;
const OPT_REPLY_MAGIC = 0x3e889045565a9n;
const REQUEST_MAGIC = 0x25609513;
const SIMPLE_REPLY_MAGIC = 0x67446698;
const FLAG_FIXED_NEWSTYLE = 1;
const FLAG_NO_ZEROES = 2;
const OPT_GO = 7;
const REP_ACK = 1;
const REP_INFO = 3;
const INFO_EXPORT = 0;
const TRANSMISSION_READ_ONLY = 1 << 1;
const TRANSMISSION_SEND_FLUSH = 1 << 2;
const TRANSMISSION_SEND_FUA = 1 << 3;
const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3 } as const;
const COMMAND_FUA = 1;
const MAX_OPTION_BYTES = 1 << 16;
const CONNECT_MS = 5000;

/** The largest operation. */
export const MAX_NBD_BYTES = 1 << 20;

interface Waiting {
  sizeBytes: number;
  resolve: (data: Uint8Array) => void;
  reject: (error: Error) => void;
}

/** The server has answered a request with an error number. */
export class NbdError extends OperatingError {
  override name = 'NbdError';
}

/** A connection to an export. */
export class Nbd {
  /** Called once, when the connection has ended, for whatever reason. */
  onClose: (why: string) => void = () => {};
  /** The size of the export, in bytes. */
  sizeBytes = 0;
  private flags = 0;
  private handle = 0n;
  private failure: Error | undefined;
  private readonly waiting = new Map<bigint, Waiting>();

  private constructor(
    private readonly socket: Socket,
    private readonly input: SocketReader,
  ) {}

  /** The connection has ended. */
  get isClosed(): boolean {
    return this.failure !== undefined;
  }

  /** Connects to an export. @throws {OperatingError} when the server has none of that name, or takes too long */
  static async connect(address: NetConnectOpts, exportName: string): Promise<Nbd> {
    const socket = connect({ ...address, noDelay: true } as NetConnectOpts);
    const nbd = new Nbd(socket, new SocketReader(socket));
    const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), CONNECT_MS);
    try {
      await nbd.negotiate(exportName);
    } catch (error) {
      socket.destroy();
      throw new OperatingError(`NBD export ${exportName}: ${(error as Error).message}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
    nbd.receive().catch((error) => nbd.fail(error));
    return nbd;
  }

  /** Reads. @throws {NbdError} when the server can't; another error when the connection ends before the answer */
  read(position: number, sizeBytes: number): Promise<Uint8Array> {
    return this.request(COMMAND.read, 0, position, sizeBytes);
  }

  /** Writes; `durable`: the answer comes when the data is on stable storage. */
  async write(position: number, data: Uint8Array, durable: boolean): Promise<void> {
    const fua = durable && (this.flags & TRANSMISSION_SEND_FUA) !== 0;
    await this.request(COMMAND.write, fua ? COMMAND_FUA : 0, position, data.length, data);
    if (durable && !fua) await this.flush();
  }

  /** Everything that was answered before is on stable storage. Without effect on a server that has no cache. */
  async flush(): Promise<void> {
    if (this.flags & TRANSMISSION_SEND_FLUSH) await this.request(COMMAND.flush, 0, 0, 0);
  }

  /** Ends the connection: requests under way are not answered. */
  close(): void {
    this.fail(new OperatingError('the connection was closed'));
  }

  private async negotiate(exportName: string): Promise<void> {
    const { input, socket } = this;
    const greeting = await input.take(18);
    if (greeting.readBigUInt64BE(0) !== NBD_MAGIC || greeting.readBigUInt64BE(8) !== IHAVEOPT)
      throw new OperatingError('this is no NBD server, or one with the old negotiation');
    const offered = greeting.readUInt16BE(16);
    if (!(offered & FLAG_FIXED_NEWSTYLE)) throw new OperatingError('the server has the old negotiation');
    const name = Buffer.from(exportName);
    const option = Buffer.alloc(4 + 16 + 4 + name.length + 2);
    option.writeUInt32BE(FLAG_FIXED_NEWSTYLE | (offered & FLAG_NO_ZEROES), 0);
    option.writeBigUInt64BE(IHAVEOPT, 4);
    option.writeUInt32BE(OPT_GO, 12);
    option.writeUInt32BE(4 + name.length + 2, 16);
    option.writeUInt32BE(name.length, 20);
    name.copy(option, 24);
    socket.write(option);
    while (!(await this.optionReply()));
    if (this.sizeBytes === 0) throw new OperatingError('the server has not said how large the export is');
    if (this.flags & TRANSMISSION_READ_ONLY) throw new OperatingError('the export is read-only');
  }

  /** Takes a reply to the option; true after the last one. */
  private async optionReply(): Promise<boolean> {
    const header = await this.input.take(20);
    if (header.readBigUInt64BE(0) !== OPT_REPLY_MAGIC || header.readUInt32BE(8) !== OPT_GO)
      throw new OperatingError('the reply to an option is malformed');
    const type = header.readUInt32BE(12);
    const length = header.readUInt32BE(16);
    if (length > MAX_OPTION_BYTES) throw new OperatingError('the reply to an option is too long');
    const data = await this.input.take(length);
    if (type === REP_INFO && length >= 12 && data.readUInt16BE(0) === INFO_EXPORT) {
      this.sizeBytes = Number(data.readBigUInt64BE(2));
      this.flags = data.readUInt16BE(10);
    }
    // Errors have the highest bit set, and may explain themselves.
    if (type >= 2 ** 31)
      throw new OperatingError(`refused: ${data.toString().slice(0, 200) || `error ${type - 2 ** 31}`}`);
    return type === REP_ACK;
  }

  private request(
    command: number,
    flags: number,
    position: number,
    sizeBytes: number,
    data?: Uint8Array,
  ): Promise<Uint8Array> {
    if (this.failure) return Promise.reject(this.failure);
    if (sizeBytes > MAX_NBD_BYTES || position + sizeBytes > this.sizeBytes)
      return Promise.reject(new NbdError('outside the export, or too large'));
    const handle = this.handle++;
    const header = Buffer.alloc(28);
    header.writeUInt32BE(REQUEST_MAGIC, 0);
    header.writeUInt16BE(flags, 4);
    header.writeUInt16BE(command, 6);
    header.writeBigUInt64BE(handle, 8);
    header.writeBigUInt64BE(BigInt(position), 16);
    header.writeUInt32BE(sizeBytes, 24);
    return new Promise((resolve, reject) => {
      this.waiting.set(handle, { sizeBytes: command === COMMAND.read ? sizeBytes : 0, resolve, reject });
      this.socket.cork();
      this.socket.write(header);
      if (data) this.socket.write(data);
      this.socket.uncork();
    });
  }

  private async receive(): Promise<never> {
    for (;;) {
      const header = await this.input.take(16);
      const waiting = this.waiting.get(header.readBigUInt64BE(8));
      if (header.readUInt32BE(0) !== SIMPLE_REPLY_MAGIC || !waiting)
        throw new OperatingError('the server has sent something that is no answer');
      const error = header.readUInt32BE(4);
      const data = error === 0 ? await this.input.take(waiting.sizeBytes) : undefined;
      this.waiting.delete(header.readBigUInt64BE(8));
      if (data) waiting.resolve(new Uint8Array(data));
      else waiting.reject(new NbdError(`the server has answered with error ${error}`));
    }
  }

  private fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    this.socket.destroy();
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    this.onClose(error.message);
  }
}
