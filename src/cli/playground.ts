/** `vmft play`: serves the playground, one page, on the loopback interface. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import { packageRoot } from '../lib/package.ts';
import { LIMIT_BYTES, readBytes } from './files.ts';
import { endingSignal } from './interruption.ts';
import { HOST } from './playground-address.ts';

/** The options of `vmft play`. */
export interface PlayOptions {
  /** Where it listens on the loopback interface; 0 for any port that is free. */
  port: number;
}

/** Serves until a signal ends it. @throws {OperatingError} when the build has not made the page, or the port is taken */
export async function servePlayground({ port }: PlayOptions): Promise<number> {
  const page = readBytes(join(packageRoot(), 'dist', 'web', 'index.html'), LIMIT_BYTES.source);
  const server = createServer(answering(page));
  const ended = endingSignal();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(error, port)));
    server.listen(port, HOST, resolve);
  });
  const { port: chosen } = server.address() as AddressInfo;
  process.stdout.write(`the playground is at http://${HOST}:${chosen}/ until Ctrl-C\n`);
  await ended;
  server.close();
  server.closeAllConnections();
  return 0;
}

const answering =
  (page: Uint8Array): RequestListener =>
  (request, response) => {
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    };
    const { method, url = '/' } = request;
    if (method !== 'GET' && method !== 'HEAD')
      response.writeHead(405, { ...headers, allow: 'GET, HEAD' }).end('only GET and HEAD\n');
    else if (!/^\/(index\.html)?(\?|$)/.test(url))
      response.writeHead(404, headers).end('not found; the playground is at /\n');
    else {
      const length = { 'content-length': page.length };
      response.writeHead(200, { ...headers, ...length, 'content-type': 'text/html; charset=utf-8' });
      response.end(method === 'HEAD' ? undefined : page);
    }
  };

function refused({ code, message }: NodeJS.ErrnoException, port: number): OperatingError {
  const why = { EADDRINUSE: 'another program uses it', EACCES: 'it needs other rights' }[code ?? ''];
  return new OperatingError(
    `${HOST}:${port} can't be listened on: ${why ?? message}; choose another with --port, or --port 0 for any`,
  );
}
