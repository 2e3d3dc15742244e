/** A member of the cluster that sends whatever it likes, over real links that it makes again when they break. */
import type { TLSSocket } from 'node:tls';
import type { Random } from '../../../src/base/random.ts';
import { Handshake } from '../../../src/host/wire/handshake.ts';
import { newBootId } from '../../../src/host/wire/identity.ts';
import type { ClusterKey } from '../../../src/host/wire/key.ts';
import { DEFAULT_LIMITS, type TcpLink } from '../../../src/host/wire/tcp-link.ts';
import { secureConnect } from '../../../src/host/wire/tls.ts';
import type { LinkTarget } from './targets.ts';

/** Messages that are sent between two checks of the link. */
const BURST = 32;
const MAX_QUEUED_BYTES = 256 << 10;
/** The number of earlier messages that are kept, of which some are sent again. */
const REMEMBERED = 64;
/** The probability that a link never reads. */
const DEAF = 0.1;

export const ADDRESS = '127.0.0.1';

/** Lets others have a turn. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Counts what was sent. */
export type Count = (what: string, number?: number) => void;

interface Connected {
  link: TcpLink;
  socket: TLSSocket;
}

function connected(
  port: number,
  key: ClusterKey,
  role: LinkTarget['role'],
  name: string,
): Promise<Connected | undefined> {
  return new Promise((resolve) => {
    const socket = secureConnect(ADDRESS, port, key);
    new Handshake(socket, {
      ...{ side: 'client', self: { role, name, bootId: newBootId() }, limits: DEFAULT_LIMITS },
      onLink: (link) => resolve({ link, socket }),
      onFailure: () => resolve(undefined),
    });
  });
}

/** Sends so many messages to a target. */
export async function attackOverLinks(
  { role, names, first, message }: LinkTarget,
  port: number,
  key: ClusterKey,
  messages: number,
  random: Random,
  count: Count,
): Promise<void> {
  const sent: Uint8Array[] = [];
  for (let left = messages; left > 0; ) {
    const made = await connected(port, key, role, names[random.below(names.length)]!);
    if (!made) {
      count('connections refused');
      left--;
      await pause(2);
      continue;
    }
    count('links');
    const { link, socket } = made;
    let open = true;
    link.onClose = () => {
      open = false;
    };
    await turn();
    await turn();
    if (random.chance(DEAF)) socket.pause();
    if (first) link.send(first(random));
    // Slowly at first: most invalid messages end the link, and then the rest of a burst is not received.
    for (let onLink = 0; open && left > 0; ) {
      for (let i = 0; i < BURST && i <= onLink && left > 0; i++, left--) {
        const again = sent.length > 0 && random.chance(0.05);
        const bytes = again ? sent[random.below(sent.length)]! : message(random);
        if (bytes.length <= 4096) sent[Math.min(sent.length, random.below(REMEMBERED))] = bytes;
        link.send(bytes);
        onLink++;
        count(`${role} messages`);
      }
      await (onLink < BURST ? pause(1) : turn());
      while (open && link.queuedBytes > MAX_QUEUED_BYTES) await pause(1);
      // Some links end in order.
      if (random.chance(0.002)) link.close('enough');
    }
    link.close('enough');
  }
}
