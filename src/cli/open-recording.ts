/** Recordings among the user's files. */
import { imagesBeside } from '../lib/images.ts';
import type { Images } from '../replay/images.ts';
import { LogReader } from '../replay/log-file.ts';
import { type OutputFile, openInput } from './files.ts';

/**
 * Opens a recording, which may grow meanwhile; its boot images are beside it.
 * @throws {OperatingError} when it is none, or its head is damaged
 */
export const openRecording = (path: string): LogReader =>
  new LogReader(openInput(path), path, imagesBeside(path));

/**
 * Where the large boot images of a new recording go: beside it when it is a file of its own. What is written through, as
 * a pipe or a link, has everything.
 */
export const imagesFor = (output: OutputFile): Images | undefined =>
  output.isReplaced ? imagesBeside(output.path) : undefined;
