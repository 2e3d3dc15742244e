/** A storage service as a process of its own, for tests: a link over the channel to its parent. */
import { StorageServer } from '../../src/host/storage/storage-server.ts';
import type { Link } from '../../src/host/wire/link.ts';

const link: Link = {
  peer: { role: 'host', name: 'parent', bootId: 1n },
  onMessage: () => {},
  onClose: () => {},
  queuedBytes: 0,
  send: (message) => void process.send!(message),
  close: (why) => {
    process.stderr.write(`${why}\n`);
    process.exit(1);
  },
};

const server = await StorageServer.open(process.argv[2]!, {
  log: (line) => process.stderr.write(`${line}\n`),
});
server.serve(link);
process.on('message', (message) => link.onMessage(message as Uint8Array));
process.on('disconnect', () => process.exit());
process.send!('ready');
