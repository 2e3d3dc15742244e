/** Where the files of a guest come from: a file system, or what a page was given. */

/** What a file is read as: it decides how large it may be. */
export type FileKind = 'source' | 'image';

export interface GuestFiles {
  /** The bytes of a file. @throws {OperatingError} when it is not there, or too large for what it is read as */
  read(name: string, kind: FileKind): Uint8Array;
  /**
   * The name of the file that is called `included` in the source `from`: beside that, in one of the folders, or among the programs that
   * come along. Undefined when there is none.
   */
  findIncluded(included: string, from: string, folders: readonly string[]): string | undefined;
}
