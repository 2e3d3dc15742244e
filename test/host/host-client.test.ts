/** Control's side of a host. */
import { expect, test } from 'vitest';
import { HostClient } from '../../src/host/host-client.ts';
import type { Identity, ProcessRole } from '../../src/host/wire/link.ts';
import { fakeLink } from './fake-link.ts';

const identity = (role: ProcessRole, name: string): Identity => ({ role, name, bootId: 1n });

test.each([
  ['a broken link', undefined, 'the link to host a broke: gone'],
  ['an answer that is none', Uint8Array.of(255, 255), 'the link to host a broke: an answer that is none'],
])('a host client fails what it has asked, and what it asks later, by %s', async (_, garbage, message) => {
  const [near, far] = fakeLink(identity('control', 'up'), identity('host', 'a'));
  const client = new HostClient(near);
  const asked = client.ask({ kind: 'status' });
  if (garbage) far.send(garbage);
  else far.close('gone');
  await expect(asked).rejects.toThrow(message);
  await expect(client.status()).rejects.toThrow(message);
});
