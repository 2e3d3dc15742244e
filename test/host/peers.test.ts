/** Two hosts: when one says that the other has ended. */
import { expect, test } from 'vitest';
import { Peers } from '../../src/host/peers.ts';
import { newBootId } from '../../src/host/wire/identity.ts';
import type { Link } from '../../src/host/wire/link.ts';
import { RefusalProbe } from '../../src/host/wire/refusal-probe.ts';
import { atEnd, KEY, listener, until } from './wire-parts.ts';

/** A host without replicas. */
async function host(name: string) {
  const self = { role: 'host' as const, name, bootId: newBootId() };
  const happened: string[] = [];
  const links: Link[] = [];
  let peers: Peers | undefined;
  const listening = await listener({
    self,
    accept: (link) => {
      links.push(link);
      peers!.accept(link);
    },
  });
  const { port } = listening;
  peers = await Peers.open({
    ...{ self, key: KEY, address: '127.0.0.1', port, random: { below: () => 0 }, log: () => {} },
    received: () => {},
    restored: (peer) => happened.push(`${peer} restored`),
    ended: (peer) => happened.push(`${peer} ended`),
  });
  let ending: Promise<unknown> | undefined;
  const end = () => {
    ending ??= Promise.all([peers.close(), listening.close()]);
    return ending;
  };
  atEnd(end);
  return { address: { name, address: '127.0.0.1', port }, peers, happened, links, end };
}

async function pair() {
  const [a, b] = [await host('a'), await host('b')];
  a.peers.add(b.address);
  b.peers.add(a.address);
  await until(() => a.happened.length > 0 && b.happened.length > 0);
  return { a, b };
}

test('a host whose process ends is said to have ended, whichever side has dialled', async () => {
  for (const ends of ['a', 'b'] as const) {
    const hosts = await pair();
    const [ended, other] = ends === 'a' ? [hosts.a, hosts.b] : [hosts.b, hosts.a];
    await ended.end();
    await until(() => other.happened.length > 1);
    expect(other.happened).toEqual([`${ends} restored`, `${ends} ended`]);
    await other.end();
  }
});

test('a link that breaks between hosts that live is no such sign', async () => {
  const { a, b } = await pair();
  for (let times = 2; times < 5; times++) {
    b.links.at(-1)!.close('a test breaks it');
    await until(() => a.happened.length === times && b.happened.length === times);
  }
  expect([...new Set([...a.happened, ...b.happened])].sort()).toEqual(['a restored', 'b restored']);
});

test('a port is refused only when nobody listens, and a closed probe says nothing', async () => {
  const { port, close } = await listener();
  const said: string[] = [];
  const probe = (name: string) => new RefusalProbe('127.0.0.1', port, () => said.push(name));
  probe('alive');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await close();
  probe('closed').close();
  probe('dead');
  await until(() => said.length > 0);
  expect(said).toEqual(['dead']);
});
