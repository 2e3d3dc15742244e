/** Finds out whether a process has ended: then its operating system refuses new connections to its port. */
import { connect, type Socket } from 'node:net';

/** Pauses before the attempts: one that comes while the process is just ending may still be accepted. */
const PAUSES_MS = [0, 5, 20];
const TIMEOUT_MS = 500;

/**
 * Connects up to three times, until one is refused. A process that lives never refuses, even if it is stopped: its
 * operating system accepts for it. A host without power does not answer, which says nothing either.
 */
export class RefusalProbe {
  private socket: Socket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private attempts = 0;

  constructor(
    private readonly address: string,
    private readonly port: number,
    private readonly refused: () => void,
  ) {
    this.attempt();
  }

  /** Calls back no more. */
  close(): void {
    clearTimeout(this.timer);
    this.socket?.destroy();
    this.attempts = PAUSES_MS.length;
  }

  private attempt(): void {
    const pauseMs = PAUSES_MS[this.attempts++];
    if (pauseMs !== undefined) this.timer = setTimeout(() => this.connect(), pauseMs);
  }

  private connect(): void {
    const { address, port } = this;
    const socket = connect({ host: address, port, timeout: TIMEOUT_MS });
    this.socket = socket;
    socket.on('connect', () => {
      socket.destroy();
      this.attempt();
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') this.refused();
    });
  }
}
