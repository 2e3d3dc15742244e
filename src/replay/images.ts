/**
 * The boot images of recordings. A large one is not in the recording but in a file of its own, which all recordings of
 * the same guest share: its name is the SHA-256 of its content, so it is known to be the right one.
 */
import { type Codec, list, record, text, u32, uint, type ValueOf } from '../base/codec.ts';
import { OperatingError } from '../base/errors.ts';
import { descriptionSchema, type MachineDescription, withContents } from '../vmm/description.ts';

/** Images that are being kept. It may take a while, beside the run. */
export interface KeptImages {
  /** Whether {@link names} does not wait. */
  readonly isReady: boolean;
  /**
   * The SHA-256 of each content, in hexadecimal, once all are kept: waits for that.
   * @throws {OperatingError} when one can't be kept
   */
  readonly names: readonly string[];
}

/** Where boot images are kept. */
export interface Images {
  /** Keeps images. @throws {OperatingError} when one can't be kept, unless {@link KeptImages.names} does */
  put(images: readonly Uint8Array[]): KeptImages;
  /** An image, checked. `recording`: who needs it. @throws {OperatingError} when it is missing or damaged */
  get(image: ImageReference, recording: string): Uint8Array;
}

/** The size from which on an image is a file of its own: a recording of a small guest is one file. */
export const MIN_IMAGE_BYTES = 64 << 10;

const SHA256 = /^[0-9a-f]{64}$/;
/** As text, so that `grep` finds the recordings that need an image. */
const sha256: Codec<string> = {
  write: text.write,
  read: (input) => {
    const hash = text.read(input);
    return SHA256.test(hash) ? hash : input.fail('no SHA-256');
  },
};

const imageReference = record({
  /** The segment of the description whose bytes it has. */
  segment: uint,
  sizeBytes: uint,
  sha256,
});
/** An image that a description needs. */
export type ImageReference = ValueOf<typeof imageReference>;

const outlineFields = record({
  /** The description; the segments that are in images have no bytes. */
  description: descriptionSchema,
  /** The checksum of the whole description (XXH32), as it heads a recording that has everything. */
  checksum: u32,
  images: list(imageReference),
});
/** A description, but for what is in images. */
export type ImageOutline = ValueOf<typeof outlineFields>;

/** The encoding of an {@link ImageOutline}. */
export const imageOutline: Codec<ImageOutline> = {
  write: outlineFields.write,
  read: (input) => {
    const outline = outlineFields.read(input);
    const { segments } = outline.description;
    for (const [index, { segment }] of outline.images.entries())
      if (segment <= (outline.images[index - 1]?.segment ?? -1) || segments[segment]?.bytes.length !== 0)
        input.fail(`no segment ${segment} for an image`);
    return outline;
  },
};

/** The numbers of the segments whose images are files of their own. */
export const largeSegments = ({ segments }: MachineDescription): number[] =>
  segments.flatMap(({ bytes }, segment) => (bytes.length < MIN_IMAGE_BYTES ? [] : [segment]));

/** The outline of a description, with the images of these segments under these names. */
export function outlineOf(
  description: MachineDescription,
  apart: readonly number[],
  names: readonly string[],
): Pick<ImageOutline, 'description' | 'images'> {
  const segments = [...description.segments];
  const images = apart.map((segment, index) => {
    const { bytes } = segments[segment]!;
    segments[segment] = { ...segments[segment]!, bytes: new Uint8Array(0) };
    return { segment, sizeBytes: bytes.length, sha256: names[index]! };
  });
  return { description: { ...description, segments }, images };
}

/** Of a recording that was given without its images. */
const NO_IMAGES: Pick<Images, 'get'> = {
  get: (_, recording) => {
    throw new OperatingError(
      `${recording}: its boot images are in files of their own, which it was given without; name its file, or make one file of all with \`vmft pack\``,
    );
  },
};

/** The whole description. Images are read when they are used, and then kept: reading the entries needs none. */
export function descriptionOf(
  { description, images }: ImageOutline,
  from: Pick<Images, 'get'> | undefined,
  recording: string,
): MachineDescription {
  return withContents(description, (segment) => {
    const image = images.find((one) => one.segment === segment);
    let read: Uint8Array | undefined;
    return image && (() => (read ??= (from ?? NO_IMAGES).get(image, recording)));
  });
}
