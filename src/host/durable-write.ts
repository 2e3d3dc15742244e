import { dirname } from 'node:path';
import { nodeFiles } from './storage/files.ts';

/** Replaces a file as a whole; on return it is durable, through a crash of the machine as well. */
export async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.new`;
  const file = await nodeFiles.open(temporary, 'new');
  try {
    await file.write(content, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await nodeFiles.rename(temporary, path);
  await nodeFiles.syncDirectory(dirname(path));
}
