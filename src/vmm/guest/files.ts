/** Where a guest's files come from: a file system, or files dropped on a web page. */

/** What a file is read as, which determines its maximum size. */
export type FileKind = 'source' | 'image';

/** The source of a guest's files. */
export interface GuestFiles {
  /** The bytes of a file. @throws {OperatingError} when it does not exist, or is too large for its kind */
  read(name: string, kind: FileKind): Uint8Array;
  /**
   * The name of the file that the source `from` includes as `included`: next to it, in one of the folders, or among the
   * bundled programs. Undefined when there is none.
   */
  findIncluded(included: string, from: string, folders: readonly string[]): string | undefined;
}
