/**
 * The groups that a host has run, in files. The boot image is a file of its own, which is read when a machine boots or is
 * reset: a host that starts again needs none, and one that runs needs no second copy of what is in its guest's memory.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { joined } from '../base/bytes.ts';
import { decode, encode } from '../base/codec.ts';
import { FormatError, OperatingError } from '../base/errors.ts';
import { xxh32 } from '../base/xxh32.ts';
import { fromOutline, outlineOf } from '../vmm/description.ts';
import { writeDurably } from './durable-write.ts';
import { GROUP_NAME } from './groups.ts';
import { type GroupDescription, groupOutline } from './host-messages.ts';

const SUFFIX = '.group';
const IMAGE_SUFFIX = '.image';

/** See the head of this file. */
export class GroupFiles {
  /** Creates the directory unless it exists. */
  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true });
  }

  private path(group: string, suffix: string): string {
    return join(this.directory, `${group}${suffix}`);
  }

  /** The groups. @throws {OperatingError} if a file of them is damaged */
  all(): GroupDescription[] {
    return readdirSync(this.directory)
      .filter((file) => file.endsWith(SUFFIX) && GROUP_NAME.test(file.slice(0, -SUFFIX.length)))
      .map((file) => this.read(file.slice(0, -SUFFIX.length)));
  }

  /**
   * Writes a group down; on return that is durable. In the returned description the image is read from its file.
   * @throws {OperatingError} if the files can't be written; then there are none
   */
  async write(description: GroupDescription): Promise<GroupDescription> {
    const { group, machine } = description;
    try {
      const image = joined(machine.segments.map(({ bytes }) => bytes));
      await writeDurably(this.path(group, IMAGE_SUFFIX), image);
      // Last: with this file the group is one that the host has run.
      await writeDurably(
        this.path(group, SUFFIX),
        encode(groupOutline, { ...description, machine: outlineOf(machine) }),
      );
    } catch (error) {
      this.remove(group);
      throw new OperatingError(`can't write ${this.path(group, SUFFIX)}: ${(error as Error).message}`);
    }
    return this.read(group);
  }

  /** Forgets a group. */
  remove(group: string): void {
    for (const suffix of [SUFFIX, IMAGE_SUFFIX]) rmSync(this.path(group, suffix), { force: true });
  }

  private read(group: string): GroupDescription {
    const path = this.path(group, SUFFIX);
    try {
      const outline = decode(groupOutline, readFileSync(path));
      const { contents } = outline.machine;
      const read = (segment: number) => {
        const before = contents.slice(0, segment).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        return this.content(group, before, contents[segment]!);
      };
      return { ...outline, machine: fromOutline(outline.machine, read) };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new OperatingError(
        `${path} is damaged: ${error.message}; remove it, and the host forgets the group`,
      );
    }
  }

  /** The bytes of a segment, which are at `offset` in the image. */
  private content(
    group: string,
    offset: number,
    { sizeBytes, checksum }: { sizeBytes: number; checksum: number },
  ): Uint8Array {
    const path = this.path(group, IMAGE_SUFFIX);
    const bytes = new Uint8Array(sizeBytes);
    const file = openSync(path, 'r');
    try {
      readSync(file, bytes, 0, sizeBytes, offset);
    } finally {
      closeSync(file);
    }
    if (xxh32(bytes) !== checksum) throw new OperatingError(`${path} is damaged`);
    return bytes;
  }
}
