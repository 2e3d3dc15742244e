import type { DiskServer, DiskUpload } from './disk-server.ts';
import { Refusal } from './refusal.ts';

/** The uploads of disks over one link: in order, and discarded when the link breaks. */
export class Uploads {
  private readonly open = new Map<string, DiskUpload>();
  private last: Promise<unknown> = Promise.resolve();
  private isOver = false;

  constructor(private readonly disks: DiskServer) {}

  /** Begins to upload a group's disk. */
  create(group: string, sizeBytes: number): Promise<void> {
    return this.inOrder(async () => {
      if (this.isOver) return;
      // The client has given up an earlier attempt.
      await this.open.get(group)?.abort();
      this.open.set(group, await this.disks.create(group, sizeBytes));
    });
  }

  /** Writes a piece of its content. */
  write(group: string, position: number, data: Uint8Array): Promise<void> {
    return this.inOrder(() => this.find(group).write(position, data));
  }

  /** Ends the upload. */
  finish(group: string): Promise<void> {
    return this.inOrder(async () => {
      await this.find(group).finish();
      this.open.delete(group);
    });
  }

  /** Discards what is not finished, and takes no more. */
  abort(): Promise<void> {
    this.isOver = true;
    return this.inOrder(async () => {
      for (const upload of this.open.values()) await upload.abort();
      this.open.clear();
    });
  }

  private inOrder<T>(action: () => Promise<T>): Promise<T> {
    const done = this.last.then(action);
    this.last = done.catch(() => {});
    return done;
  }

  private find(group: string): DiskUpload {
    const upload = this.open.get(group);
    if (!upload) throw new Refusal(`no upload of the disk of group ${group} has begun over this link`);
    return upload;
  }
}
