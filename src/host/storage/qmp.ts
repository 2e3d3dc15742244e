/** A client of QMP, the monitor protocol of QEMU's programs: lines of JSON over a Unix or TCP socket. */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { OperatingError } from '../../base/errors.ts';

/** The longest line that is accepted, in bytes. */
const MAX_LINE_BYTES = 1 << 20;
/** How long a command may take. */
const COMMAND_MS = 5000;

interface QmpMessage {
  QMP?: object;
  return?: unknown;
  error?: { class?: string; desc?: string };
  event?: string;
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** A connection to a monitor. Commands are sent one after the other. */
export class Qmp {
  private readonly commands: Waiting[] = [];
  private received = '';
  private failure: Error | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.receive(text));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new OperatingError('the monitor has closed the connection')));
  }

  /** Connects and negotiates. @throws when that fails, or takes too long */
  static async connect(address: NetConnectOpts): Promise<Qmp> {
    const qmp = new Qmp(connect(address));
    try {
      await qmp.timed('the greeting', (waiting) => qmp.commands.push(waiting));
      await qmp.execute('qmp_capabilities');
      return qmp;
    } catch (error) {
      qmp.close();
      throw error;
    }
  }

  /** Executes a command. @throws {OperatingError} with the monitor's own words when it fails */
  execute(command: string, args?: object): Promise<unknown> {
    return this.timed(command, (waiting) => {
      this.commands.push(waiting);
      this.socket.write(`${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}) })}\n`);
    });
  }

  /** Closes the connection. */
  close(): void {
    this.socket.destroy();
  }

  private timed(what: string, start: (waiting: Waiting) => void): Promise<unknown> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      // An answer that comes later would be taken for that of the next command: the connection is of no use any more.
      const timer = setTimeout(() => {
        const error = new OperatingError(`the monitor has not answered "${what}" within ${COMMAND_MS} ms`);
        reject(error);
        this.fail(error);
      }, COMMAND_MS);
      const ended =
        <T>(end: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          end(value);
        };
      start({ resolve: ended(resolve), reject: ended(reject) });
    });
  }

  private receive(text: string): void {
    this.received += text;
    if (this.received.length > MAX_LINE_BYTES) return this.fail(new OperatingError('too long a line'));
    const lines = this.received.split('\n');
    this.received = lines.pop()!;
    for (const line of lines) {
      if (line.trim() === '') continue;
      let message: QmpMessage | null;
      try {
        message = JSON.parse(line) as QmpMessage | null;
      } catch {
        return this.fail(new OperatingError(`not QMP: ${line.slice(0, 100)}`));
      }
      if (typeof message !== 'object' || message === null) return this.fail(new OperatingError('not QMP'));
      this.take(message);
    }
  }

  private take(message: QmpMessage): void {
    // Events are not waited for: what they tell is asked for.
    if (message.event !== undefined) return;
    if (message.error)
      this.commands
        .shift()
        ?.reject(new OperatingError(`the monitor: ${message.error.desc ?? 'unknown error'}`));
    else this.commands.shift()?.resolve(message.return);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.socket.destroy();
    for (const { reject } of this.commands.splice(0)) reject(error);
  }
}
