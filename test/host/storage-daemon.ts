/** A qemu-storage-daemon that serves a file, for tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const POLL_MS = 20;

/** See the head of this file. */
export class StorageDaemon {
  private readonly directory = mkdtempSync(join(tmpdir(), 'vmft-nbd-'));
  /** The disk. */
  readonly image = join(this.directory, 'disk.img');
  /** The socket of its NBD server. */
  readonly nbd = join(this.directory, 'nbd');
  /** The name of the disk's block node. */
  readonly node = 'disk';
  /** The sockets of its monitors. */
  readonly monitors: string[];
  private process!: ChildProcess;

  private constructor(monitors: number) {
    this.monitors = Array.from({ length: monitors }, (_, index) => join(this.directory, `qmp${index}`));
  }

  /** Serves an empty disk of this size, with as many monitors as there are hosts. */
  static async start(sizeBytes: number, monitors: number): Promise<StorageDaemon> {
    const daemon = new StorageDaemon(monitors);
    writeFileSync(daemon.image, '');
    truncateSync(daemon.image, sizeBytes);
    const args = [
      ['--blockdev', `driver=file,node-name=${daemon.node},filename=${daemon.image},cache.direct=off`],
      ['--nbd-server', `addr.type=unix,addr.path=${daemon.nbd},max-connections=0`],
      ...daemon.monitors.flatMap((path, index) => [
        ['--chardev', `socket,id=c${index},path=${path},server=on,wait=off`],
        ['--monitor', `chardev=c${index}`],
      ]),
    ];
    daemon.process = spawn('qemu-storage-daemon', args.flat(), { stdio: 'inherit' });
    await once(daemon.process, 'spawn');
    while (!daemon.monitors.every((path) => existsSync(path))) await setTimeout(POLL_MS);
    return daemon;
  }

  get pid(): number {
    return this.process.pid!;
  }

  end(): void {
    this.process.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
