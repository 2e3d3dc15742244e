/** The boot images of recordings, in files that all recordings in one directory share. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import type { ImageReference, Images, KeptImages } from '../replay/images.ts';
import { readFile } from './files.ts';
import { sha256, writeImage } from './image-file.ts';
import { ImagesInThread } from './image-thread.ts';

/** The directory of the images, beside the recordings. */
export const IMAGES_DIRECTORY = 'vmft-images';

/** The size from which on images are written by a thread: writing less takes no longer than starting one. */
const MIN_THREAD_BYTES = 8 << 20;

/** See the head of this file. Several processes may write at once. */
export class ImageFiles implements Images {
  private readonly directory: string;

  /**
   * `directory`: of the recordings. That of the images is made with the first one. `minThreadBytes`: the size from which
   * on images are written beside what else this thread does.
   */
  constructor(
    directory: string,
    private readonly minThreadBytes = MIN_THREAD_BYTES,
  ) {
    this.directory = join(directory, IMAGES_DIRECTORY);
  }

  /** Writes those that are not there, undamaged. @throws {OperatingError} as {@link Images.put} */
  put(images: readonly Uint8Array[]): KeptImages {
    const sizeBytes = images.reduce((sum, { length }) => sum + length, 0);
    if (sizeBytes >= this.minThreadBytes) return new ImagesInThread(this.directory, images);
    return { isReady: true, names: images.map((image) => writeImage(this.directory, image)) };
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
