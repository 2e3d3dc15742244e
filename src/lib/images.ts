/** The boot images of recordings, in files that all recordings in one directory share. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import type { ImageReference, Images } from '../replay/images.ts';
import { attempt, CHUNK_BYTES, readFile } from './files.ts';

/** The directory of the images, beside the recordings. */
export const IMAGES_DIRECTORY = 'vmft-images';

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Whether a file has this content; it is read in chunks, since an image is large. */
const isContent = (path: string, content: Uint8Array): boolean =>
  attempt(path, () => {
    const file = openSync(path, 'r');
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      for (let at = 0; ; ) {
        const read = readSync(file, chunk);
        if (read === 0) return at === content.length;
        if (!chunk.subarray(0, read).equals(content.subarray(at, at + read))) return false;
        at += read;
      }
    } finally {
      closeSync(file);
    }
  });

/** See the head of this file. Several processes may write at once. */
export class ImageFiles implements Images {
  /** Tells the temporary files of a process apart. */
  private static written = 0;
  private readonly directory: string;

  /** `directory`: of the recordings. That of the images is made with the first one. */
  constructor(directory: string) {
    this.directory = join(directory, IMAGES_DIRECTORY);
  }

  /** Writes an image unless it is there, undamaged. @throws {OperatingError} when it can't be written */
  put(image: Uint8Array): string {
    const name = sha256(image);
    const path = join(this.directory, name);
    if (existsSync(path) && isContent(path, image)) return name;
    const temporary = join(this.directory, `.${process.pid}-${ImageFiles.written++}.tmp`);
    attempt(path, () => {
      if (!existsSync(this.directory)) mkdirSync(this.directory, { recursive: true });
      try {
        writeFileSync(temporary, image, { flag: 'wx' });
        renameSync(temporary, path);
      } finally {
        rmSync(temporary, { force: true });
      }
    });
    return name;
  }

  get({ sha256: name, sizeBytes }: ImageReference, recording: string): Uint8Array {
    const path = join(this.directory, name);
    const refuse = (how: string, advice: string): never => {
      throw new OperatingError(`${recording}: its boot image ${path} is ${how}; ${advice}`);
    };
    if (!existsSync(path))
      refuse(
        'missing',
        `copy the directory ${IMAGES_DIRECTORY} along with a recording, or make one file of both first, with \`vmft pack\``,
      );
    const image = readFile(path);
    if (image.length !== sizeBytes || sha256(image) !== name)
      refuse('damaged', 'copy it again, or record the same guest again in this directory, which replaces it');
    return image;
  }
}

/** The images of the recording at a path: beside the file itself, when the path is a link to it. */
export const imagesBeside = (path: string): ImageFiles =>
  new ImageFiles(dirname(existsSync(path) ? realpathSync(path) : path));
