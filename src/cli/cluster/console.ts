/** `vmft console`: this terminal, or stdin and stdout, at a guest's console. */
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { OperatingError } from '../../base/errors.ts';
import { ConsoleClient } from '../../host/switch/console-client.ts';
import { TYPE_WINDOW_BYTES } from '../../host/switch/console-messages.ts';
import { Dialer } from '../../host/wire/dialer.ts';
import { EXIT_CODE, exitCodeOf } from '../exit-codes.ts';
import { Terminal } from '../terminal/terminal.ts';
import { ClusterDirectory } from './directory.ts';
import { chosenGroup, groupsOf, identity, Operator } from './operator.ts';

/** The options of `vmft console`. */
export interface ConsoleOptions {
  dir: string;
  group?: string;
}

const POLL_MS = 200;

const say = (line: string) => process.stderr.write(`vmft: ${line}\n`);

/** Writes to stdout; resolves when that has taken it. */
const show = (data: Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    process.stdout.write(data, () => resolve());
  });

/** `vmft console`. */
export async function console({ dir, group: name }: ConsoleOptions): Promise<number> {
  const directory = new ClusterDirectory(dir);
  const operator = new Operator(directory);
  let dialer: Dialer | undefined;
  try {
    const { group } = chosenGroup(groupsOf(await operator.statuses()), name);
    const client = new ConsoleClient({
      ...{ group, session: randomBytes(8).readBigUInt64LE(), output: show },
      gap: (bytes) => say(`${bytes} bytes of output came before this terminal could show them`),
      broken: () => {},
    });
    dialer = new Dialer({
      ...{ ...operator.configuration.switch, key: directory.key, self: identity('terminal') },
      ...{ expects: { role: 'switch', name: 'switch' }, random: { below: (end) => randomInt(end) } },
      onUp: (link) => client.attach(link),
    });
    const ended = new AbortController();
    const typing = process.stdin.isTTY ? typeKeys(client, ended.signal) : typeInput(client, ended.signal);
    const code = await Promise.race([guestEnd(operator, group, ended.signal), typing]);
    ended.abort();
    return code;
  } finally {
    dialer?.close();
    operator.close();
    // A pipe whose writer goes on would keep this process.
    process.stdin.destroy();
  }
}

/** Resolves when the guest has ended, with its exit code, or the cluster has. */
async function guestEnd(operator: Operator, group: string, signal: AbortSignal): Promise<number> {
  while (!signal.aborted) {
    const statuses = await operator.statuses(1000);
    if (statuses.every(({ status }) => !status)) {
      say(`no host of the cluster can be reached any more: ${group} is over, or will be seen by another try`);
      return EXIT_CODE.lost;
    }
    const view = groupsOf(statuses).find((one) => one.group === group);
    if (view?.newest.stopped !== undefined) {
      await setTimeout(POLL_MS);
      return exitCodeOf(view.newest.exitCode ?? 0);
    }
    await setTimeout(POLL_MS);
  }
  return 0;
}

/** Types what comes from stdin; never resolves: the console stays until the guest ends. */
async function typeInput(client: ConsoleClient, signal: AbortSignal): Promise<never> {
  for await (const data of process.stdin as AsyncIterable<Buffer>)
    for (let at = 0; at < data.length; at += TYPE_WINDOW_BYTES)
      await client.type(new Uint8Array(data.subarray(at, at + TYPE_WINDOW_BYTES)));
  await once(signal, 'abort');
  throw new OperatingError('the console has ended');
}

/** Types keys until Ctrl-A x. */
async function typeKeys(client: ConsoleClient, signal: AbortSignal): Promise<number> {
  const terminal = new Terminal(process.stdin);
  say('Ctrl-A x detaches\r');
  terminal.open();
  try {
    while (!signal.aborted && !terminal.ended) {
      await terminal.typed(POLL_MS);
      for (const key of terminal.take()) {
        if (key.kind === 'quit') return 0;
        if (key.kind === 'type') void client.type(key.data);
        if (key.kind === 'help') say('Ctrl-A x detaches; Ctrl-A Ctrl-A types a Ctrl-A\r');
        if (key.kind === 'crash') say('`vmft crash primary` in another terminal crashes it\r');
      }
    }
    return 0;
  } finally {
    terminal.close();
    process.stdout.write('\n');
  }
}
