/** The fence of a disk behind NBD, by the monitor of qemu-storage-daemon: see nbd-disk.ts for what it ensures. */
import { randomBytes } from 'node:crypto';
import type { NetConnectOpts } from 'node:net';
import { OperatingError } from '../../base/errors.ts';
import { Nbd } from './nbd.ts';
import { Qmp } from './qmp.ts';

/** Where a disk is served. */
export interface NbdTarget {
  /** The daemon's NBD server. */
  nbd: NetConnectOpts;
  /** A monitor of the daemon that no other host uses: a monitor serves one client at a time. */
  monitor: NetConnectOpts;
  /** The block node of the disk. */
  node: string;
  /** The first part of the names of the exports: one for each disk of a daemon. */
  prefix: string;
}

/** A newer generation has the disk. */
export class Fenced extends OperatingError {
  override name = 'Fenced';
}

/** An export that is being removed is looked for so often, so many times. */
const POLL_MS = 2;
const MAX_POLLS = 1000;

/** The exports of one disk. */
export class NbdFence {
  private ours: string | undefined;

  constructor(private readonly target: NbdTarget) {}

  /**
   * Shuts out whoever has used the disk before, and adds an export for this generation. Returns its name.
   * @throws {Fenced} when a newer generation has an export
   */
  async enter(generation: number): Promise<string> {
    return this.withMonitor(async (qmp) => {
      await this.shutOut(qmp, generation);
      const name = `${this.target.prefix}-g${generation}-${randomBytes(4).toString('hex')}`;
      await qmp.execute('block-export-add', {
        type: 'nbd',
        id: name,
        name,
        'node-name': this.target.node,
        writable: true,
      });
      try {
        await this.shutOut(qmp, generation, name);
      } catch (error) {
        await qmp.execute('block-export-del', { id: name, mode: 'hard' }).catch(() => {});
        throw error;
      }
      this.ours = name;
      return name;
    });
  }

  /** Whether the export that was added last is still there. */
  async isOurs(): Promise<boolean> {
    const exports = await this.withMonitor((qmp) => this.exports(qmp));
    return exports.some(({ id, isEnding }) => id === this.ours && !isEnding);
  }

  /** Connects to an export. */
  connect(name: string): Promise<Nbd> {
    return Nbd.connect(this.target.nbd, name);
  }

  /** Removes the exports of this generation and older ones, but `own`, and waits until they are gone. */
  private async shutOut(qmp: Qmp, generation: number, own?: string): Promise<void> {
    for (let poll = 0; poll < MAX_POLLS; poll++) {
      const others = (await this.exports(qmp)).filter(({ id }) => id !== own);
      const newer = others.find((one) => one.generation > generation);
      if (newer) throw new Fenced(`generation ${generation} is over: the disk is exported as ${newer.id}`);
      if (others.length === 0) return;
      // The export is in the list until the last of its requests has ended (BLOCK_EXPORT_DELETED).
      for (const { id, isEnding } of others)
        if (!isEnding) await qmp.execute('block-export-del', { id, mode: 'hard' }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new OperatingError(`an old export of ${this.target.prefix} does not go away`);
  }

  private async exports(qmp: Qmp): Promise<{ id: string; generation: number; isEnding: boolean }[]> {
    const listed = await qmp.execute('query-block-exports');
    if (!Array.isArray(listed)) throw new OperatingError('the monitor has answered something else');
    return listed.flatMap((one: { id?: string; 'shutting-down'?: boolean }) => {
      const id = String(one.id);
      const { prefix } = this.target;
      const generation = id.startsWith(`${prefix}-g`) && /^(\d+)-/.exec(id.slice(prefix.length + 2))?.[1];
      return generation
        ? [{ id, generation: Number(generation), isEnding: one['shutting-down'] === true }]
        : [];
    });
  }

  private async withMonitor<T>(action: (qmp: Qmp) => Promise<T>): Promise<T> {
    const qmp = await Qmp.connect(this.target.monitor);
    try {
      return await action(qmp);
    } finally {
      qmp.close();
    }
  }
}
