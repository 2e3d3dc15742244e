/** What hosts and terminals can do to a switch that others use: fill no memory, and not end it. */
import { expect, test } from 'vitest';
import { decode, encode } from '../../src/base/codec.ts';
import { consolePush, consoleRequest, OUTPUT_WINDOW_BYTES } from '../../src/host/switch/console-messages.ts';
import { openEdge } from '../../src/host/switch/edge-journal.ts';
import type { EdgeServer } from '../../src/host/switch/edge-server.ts';
import type { Link } from '../../src/host/wire/link.ts';
import { CrashFiles } from './crash-files.ts';
import { fakeLink } from './fake-link.ts';
import { GROUP, identity, requestBytes, settle, TestSwitch } from './switch-rig.ts';

const text = (content: string) => new TextEncoder().encode(content);
const release = (group: string, first: number, content: string, generation = 1) =>
  requestBytes({
    ...{ kind: 'release', group, generation },
    outputs: [{ kind: 'console', first, data: text(content) }],
  });

/** Why a link has broken. */
function closing(link: Link): { why: string | undefined } {
  const state: { why: string | undefined } = { why: undefined };
  link.onClose = (why) => {
    state.why = why;
  };
  return state;
}

test('a host that floods the journal loses its link, and the switch goes on', async () => {
  const served = new TestSwitch();
  served.journal.prompt = false;
  const flood = served.host('flood');
  const flooding = closing(flood);
  // A note for each of them.
  for (let generation = 2; generation < 200_000 && flooding.why === undefined; generation++) {
    flood.send(requestBytes({ kind: 'listen', group: 'other', generation, offset: 0 }));
    if (generation % 1000 === 0) await settle(2);
  }
  await settle();
  expect(flooding.why).toContain('the journal is too slow');
  served.journal.prompt = true;
  served.journal.flush();
  await settle();
  const { port } = served.edge('a');
  let delivered = 0;
  const outputs = [{ kind: 'console' as const, first: 1, data: text('hello') }];
  port.release(
    { do: 'release', outputs, generation: 1 },
    () => delivered++,
    () => {},
  );
  await settle();
  expect(delivered).toBe(1);
  expect(served.failures).toEqual([]);
});

test('typed bytes that are none are refused', async () => {
  const served = new TestSwitch();
  served.server.open(GROUP);
  const link = served.terminal('t');
  const state = closing(link);
  link.send(encode(consoleRequest, { kind: 'attach', group: GROUP, session: 7n, shown: 0 }));
  await settle();
  link.send(encode(consoleRequest, { kind: 'type', group: GROUP, from: 0, data: new Uint8Array(0) }));
  await settle();
  expect(state.why).toBe('typed bytes that are none');
});

test('a terminal that does not say what it has shown gets one window, and others get all', async () => {
  const served = new TestSwitch();
  const host = served.host('a');
  served.server.open(GROUP);
  /** A terminal that confirms what it gets, or not. */
  const terminal = (name: string, session: bigint, confirms: boolean) => {
    const link = served.terminal(name);
    const got = { bytes: 0 };
    link.onMessage = (message) => {
      const push = decode(consolePush, message);
      if (push.kind !== 'output') return;
      got.bytes += push.data.length;
      if (!confirms) return;
      const upTo = push.offset + push.data.length;
      link.send(encode(consoleRequest, { kind: 'shown', group: GROUP, upTo }));
    };
    link.send(encode(consoleRequest, { kind: 'attach', group: GROUP, session, shown: 0 }));
    return got;
  };
  const [deaf, attentive] = [terminal('deaf', 1n, false), terminal('attentive', 2n, true)];
  await settle();
  const piece = 'x'.repeat(100_000);
  const pieces = 100;
  for (let index = 0; index < pieces; index++) {
    host.send(release(GROUP, 1 + index * piece.length, piece));
    await settle(60);
  }
  expect(attentive.bytes).toBe(pieces * piece.length);
  expect(deaf.bytes).toBe(OUTPUT_WINDOW_BYTES);
  const console = served.server.group(GROUP)!.console;
  expect(console.outputEnd - console.outputStart).toBeLessThanOrEqual((4 << 20) + piece.length);
});

test('on a full disk the switch says so and confirms nothing, and its next start has all that was confirmed', async () => {
  const files = new CrashFiles();
  const failures: Error[] = [];
  const open = () =>
    openEdge('/switch/edge', { nowMs: () => 0, failed: (error) => failures.push(error) }, files);
  const first = await open();
  const link = (edge: EdgeServer) => {
    const [there, here] = fakeLink(identity('host', 'a'), identity('switch', 'switch'));
    edge.serve(here);
    const heard: Uint8Array[] = [];
    there.onMessage = (message) => heard.push(message);
    return { there, heard };
  };
  const { there, heard } = link(first.edge);
  there.send(release(GROUP, 1, 'one\n'));
  await settle(60);
  expect(heard).toHaveLength(1);
  files.fails.write.push('ENOSPC');
  there.send(release(GROUP, 5, 'two\n'));
  await settle(60);
  expect(heard).toHaveLength(1);
  expect(failures.map(({ message }) => message)).toEqual(['/switch/edge: cannot write: ENOSPC: injected']);
  // Started again while the disk is full, and when there is room.
  files.fails.write.push('ENOSPC');
  await expect(open()).rejects.toThrow('ENOSPC');
  const second = await open();
  const again = link(second.edge);
  again.there.send(release(GROUP, 5, 'two\n'));
  await settle(60);
  expect(again.heard).toHaveLength(1);
  const { console } = second.edge.group(GROUP)!;
  expect(new TextDecoder().decode(console.readOutput(0, 100))).toBe('one\ntwo\n');
});
