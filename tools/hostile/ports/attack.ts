/** All attackers at once. */
import { Random } from '../../../src/base/random.ts';
import type { ClusterKey } from '../../../src/host/wire/key.ts';
import { attackOverLinks, type Count } from './links.ts';
import { attackAsStranger, attackWithDatagrams, attackWithFrames, attackWithRequests } from './strangers.ts';
import { linkTargets, type Ports } from './targets.ts';

/** What an attack is made with: plain data, for a worker thread. */
export interface AttackOptions {
  ports: Ports;
  key: ClusterKey;
  /** Messages in all. */
  messages: number;
  seed: string;
}

/** Parts of all messages: what is cheap to send is sent more often. */
const DATAGRAMS = 0.2;
const FRAMES = 0.15;
const REQUESTS = 0.005;
const STRANGERS = 0.005;

/** Sends all messages; resolves when the last one is sent. */
export async function attack({ ports, key, messages, seed }: AttackOptions, count: Count): Promise<void> {
  const randomFor = (name: string) => new Random(`${seed} ${name}`);
  const of = (share: number) => Math.ceil(messages * share);
  const { host, storage, switch: edge, metrics, stream } = ports;
  await Promise.all([
    ...linkTargets.map((target, index) => {
      const { port, role, share } = target;
      const what = `${port} as ${role}`;
      return attackOverLinks(
        target,
        ports[port],
        key,
        of(share),
        randomFor(`${what} ${index}`),
        (name, number) => count(`${port}: ${name}`, number),
      );
    }),
    attackWithDatagrams(host, key, of(DATAGRAMS), randomFor('datagrams'), count),
    attackWithFrames(stream, of(FRAMES), randomFor('frames'), count),
    attackWithRequests(metrics, of(REQUESTS), randomFor('requests'), count),
    ...[host, storage, edge, stream].map((port, index) =>
      attackAsStranger(port, key, of(STRANGERS), randomFor(`strangers ${index}`), count),
    ),
  ]);
}
