import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { OperatingError } from '../../base/errors.ts';

/** A lock that the process holds until it ends, however it ends. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Locks a directory for its `what`: two services on the same files would break test-and-set.
 *
 * The lock is an abstract Unix socket, which the kernel frees when the last thread of its process has ended; so no
 * write of that process is under way any more. It is one of the network namespace: containers that share a directory,
 * and hosts that share a file system, are not kept apart.
 * @throws {OperatingError} when another process holds the lock
 */
export async function lockDirectory(directory: string, what = 'storage service'): Promise<DirectoryLock> {
  const path = await realpath(directory);
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32);
  const server: Server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new OperatingError(
              `${path} is in use by another ${what}: end that one, or name another directory`,
            )
          : error,
      ),
    );
    server.listen({ path: `\0vmft-storage-${name}` }, resolve);
  });
  server.unref();
  return { release: () => void server.close() };
}
