/**
 * A file system in memory that fails and loses power. What a crash may leave of it: all that was synced, any part of the
 * rest. A write that was not synced may be there, or be missing, or torn at a sector; directory operations that were
 * not synced are there up to one of them.
 */
import type { Random } from '../../src/base/random.ts';
import type { Files, StoredFile } from '../../src/host/storage/files.ts';

type Change = { kind: 'write'; data: Uint8Array; position: number } | { kind: 'truncate'; sizeBytes: number };
type Naming = { name: string; inode: Inode | undefined }[];

const SECTOR_BYTES = 512;

class Inode {
  content = new Uint8Array(0);
  durable = new Uint8Array(0);
  unsynced: Change[] = [];

  change(change: Change): void {
    this.content = applied(this.content, change);
    this.unsynced.push(change);
  }

  /** What the medium holds after a crash. */
  left(random: Random): Uint8Array<ArrayBuffer> {
    let left = this.durable;
    for (const change of this.unsynced) {
      if (random.chance(0.3)) continue;
      if (change.kind === 'truncate' || random.chance(0.5)) left = applied(left, change);
      else for (const piece of sectorsOf(change)) if (random.chance(0.5)) left = applied(left, piece);
    }
    return left;
  }
}

function applied(content: Uint8Array<ArrayBuffer>, change: Change): Uint8Array<ArrayBuffer> {
  const end = change.kind === 'truncate' ? change.sizeBytes : change.position + change.data.length;
  const next = new Uint8Array(change.kind === 'truncate' ? end : Math.max(content.length, end));
  next.set(content.subarray(0, next.length));
  if (change.kind === 'write') next.set(change.data, change.position);
  return next;
}

function* sectorsOf({ data, position }: Change & { kind: 'write' }): Iterable<Change> {
  for (let at = 0; at < data.length; ) {
    const next = Math.min(data.length, at + SECTOR_BYTES - ((position + at) % SECTOR_BYTES));
    yield { kind: 'write', data: data.subarray(at, next), position: position + at };
    at = next;
  }
}

const errorOf = (code: string) => Object.assign(new Error(`${code}: injected`), { code });
const never = () => new Promise<never>(() => {});

/** A file system for tests. */
export class CrashFiles implements Files {
  /** The operations performed so far. */
  operations = 0;
  /** Whether a failed write leaves a part of the data. */
  leavesPart = true;
  /** Power fails after this many operations: later ones never end. */
  powerFailsAfter = Number.POSITIVE_INFINITY;
  /** The next operations of a kind fail with an error code, for those in the list. */
  readonly fails = {
    write: [] as string[],
    sync: [] as string[],
    open: [] as string[],
    rename: [] as string[],
  };
  private readonly names = new Map<string, Inode>();
  private durableNames = new Map<string, Inode>();
  private unsyncedNames: Naming[] = [];

  /** The state after the power has failed and returned. */
  afterCrash(random: Random): CrashFiles {
    const names = new Map(this.durableNames);
    for (const step of this.unsyncedNames.slice(0, random.below(this.unsyncedNames.length + 1)))
      for (const { name, inode } of step)
        if (inode) names.set(name, inode);
        else names.delete(name);
    const left = new CrashFiles();
    for (const [name, inode] of names) left.put(name, inode.left(random));
    return left;
  }

  /** The state that a process finds that is started after another was killed: the page cache is still there. */
  afterKill(): CrashFiles {
    this.powerFailsAfter = 0;
    const copies = new Map<Inode, Inode>();
    const copy = (inode: Inode): Inode => {
      const known = copies.get(inode);
      if (known) return known;
      const made = Object.assign(new Inode(), inode, { unsynced: [...inode.unsynced] });
      copies.set(inode, made);
      return made;
    };
    const left = new CrashFiles();
    for (const [name, inode] of this.names) left.names.set(name, copy(inode));
    for (const [name, inode] of this.durableNames) left.durableNames.set(name, copy(inode));
    left.unsyncedNames = this.unsyncedNames.map((step) =>
      step.map(({ name, inode }) => ({ name, inode: inode && copy(inode) })),
    );
    return left;
  }

  /** Puts a durable file there. */
  put(name: string, content: Uint8Array): Inode {
    const inode = new Inode();
    inode.content = content.slice();
    inode.durable = content.slice();
    this.names.set(name, inode);
    this.durableNames.set(name, inode);
    return inode;
  }

  /** The content of a file, as programs see it. */
  content(name: string): Uint8Array | undefined {
    return this.names.get(name)?.content;
  }

  /** Ends an operation, in a later turn. */
  private async step(kind?: keyof CrashFiles['fails']): Promise<void> {
    if (this.operations >= this.powerFailsAfter) return never();
    this.operations++;
    const code = kind && this.fails[kind].shift();
    await Promise.resolve();
    if (code) throw errorOf(code);
  }

  private rename_(step: Naming): void {
    for (const { name, inode } of step)
      if (inode) this.names.set(name, inode);
      else this.names.delete(name);
    this.unsyncedNames.push(step);
  }

  async open(path: string, what: 'existing' | 'new'): Promise<StoredFile> {
    await this.step('open');
    let inode = this.names.get(path);
    if (!inode && what === 'existing') throw errorOf('ENOENT');
    if (!inode) {
      inode = new Inode();
      this.rename_([{ name: path, inode }]);
    } else if (what === 'new') inode.change({ kind: 'truncate', sizeBytes: 0 });
    return this.file(inode);
  }

  private file(inode: Inode): StoredFile {
    let failed: string | undefined;
    return {
      size: async () => inode.content.length,
      read: async (buffer, position) => {
        await this.step();
        const part = inode.content.subarray(position, position + buffer.length);
        buffer.set(part);
        return part.length;
      },
      write: async (data, position) => {
        // A torn or failed write leaves a part of the data.
        if (this.operations < this.powerFailsAfter) {
          const part = this.fails.write[0]
            ? data.slice(0, this.leavesPart ? data.length >> 1 : 0)
            : data.slice();
          inode.change({ kind: 'write', data: part, position });
        }
        await this.step('write');
      },
      truncate: async (sizeBytes) => {
        inode.change({ kind: 'truncate', sizeBytes });
        await this.step();
      },
      sync: async () => {
        // As Linux does: after an error the data is in the page cache, clean, and never written.
        const { unsynced } = inode;
        const synced = unsynced.length;
        try {
          await this.step('sync');
        } catch (error) {
          inode.unsynced = unsynced.slice(synced);
          failed = (error as { code: string }).code;
          throw error;
        }
        if (failed) throw new Error('sync is repeated on a descriptor on which it failed');
        for (const change of inode.unsynced.splice(0, synced)) inode.durable = applied(inode.durable, change);
      },
      close: async () => {},
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.step('rename');
    const inode = this.names.get(from);
    if (!inode) throw errorOf('ENOENT');
    this.rename_([
      { name: from, inode: undefined },
      { name: to, inode },
    ]);
  }

  async syncDirectory(): Promise<void> {
    await this.step('sync');
    this.durableNames = new Map(this.names);
    this.unsyncedNames = [];
  }

  async remove(path: string): Promise<void> {
    await this.step();
    if (this.names.has(path)) this.rename_([{ name: path, inode: undefined }]);
  }

  async makeDirectory(): Promise<void> {}
}
