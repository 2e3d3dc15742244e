/** Well-behaved clients, which must get correct answers whatever others send. */
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { DISK_OK, SECTOR_BYTES } from '../../../src/devices/device.ts';
import { StorageClient } from '../../../src/host/storage/storage-client.ts';
import { ConsoleClient } from '../../../src/host/switch/console-client.ts';
import { FrameParser, withLength } from '../../../src/host/switch/frame-socket.ts';
import { ADDRESS } from './links.ts';
import { BANK, SHARED } from './targets.ts';
import { SHARED_BYTES, WITNESS, type World } from './world.ts';

/** A lost answer is asked for again after so long. */
const AGAIN_MS = 1000;
/** Receipts: the bank has room for 512. */
const LEDGER = 500;
const WELCOME = /^the bank is open\n/;
const SECTORS = SHARED_BYTES / SECTOR_BYTES;

/** Throws what a witness has seen go wrong. */
export class WrongAnswer extends Error {
  override name = 'WrongAnswer';
}

/** A witness works in rounds, each of which shows that its service works. */
export interface Witness {
  readonly name: string;
  /** Rounds that went well. */
  rounds: number;
  round(): Promise<void>;
}

/** Repeats a request until it is answered. */
async function answered<T>(request: (answer: (value: T) => void) => void): Promise<T> {
  let found: { value: T } | undefined;
  const answer = (value: T) => {
    found ??= { value };
  };
  for (;;) {
    request(answer);
    for (let waited = 0; waited < AGAIN_MS && !found; waited += 2) await setTimeout(2);
    if (found) return found.value;
  }
}

/** Deposits at the bank, one after the other: each must give the next receipt. */
export function teller(world: World): Witness {
  let shown = '';
  let missing = 0;
  const terminal = new ConsoleClient({
    ...{ group: BANK, session: 0x1234_5678_9abc_def1n, broken: () => {} },
    gap: (bytes) => {
      missing += bytes;
    },
    output: (data) => {
      shown = (shown + new TextDecoder().decode(data)).replace(WELCOME, '');
    },
  });
  world.dial(world.ports.switch, 'terminal', 'teller', (link) => terminal.attach(link));
  const witness: Witness = {
    ...{ name: 'deposits at the bank', rounds: 0 },
    round: async () => {
      const number = witness.rounds + 1;
      // By then the ledger is nearly full: further rounds only ask for the balance.
      const asks = number > LEDGER;
      const command = asks ? 'balance teller' : number === 1 ? 'open teller' : 'deposit teller 1';
      void terminal.type(new TextEncoder().encode(`${command}\n`));
      const balance = Math.min(number, LEDGER) - 1;
      const answer = asks ? `teller ${balance}` : `#${number} [0-9a-f]+ ${command}: teller ${balance}`;
      const expected = new RegExp(`^${answer}\\n$`);
      // A line that is whole, and no other.
      while (!shown.endsWith('\n') && missing === 0) await setTimeout(2);
      if (missing > 0) throw new WrongAnswer(`${missing} bytes of the console are missing`);
      if (!expected.test(shown))
        throw new WrongAnswer(`the bank says "${shown}" where "${answer}" is expected`);
      shown = '';
    },
  };
  return witness;
}

/** Claims generations and uses a shared disk. */
export function storageClient(world: World): Witness {
  const client = new StorageClient();
  world.dial(world.ports.storage, 'host', WITNESS, (link) => client.attach(link));
  const store = client.group(SHARED);
  const witness: Witness = {
    ...{ name: 'claims, writes and reads', rounds: 0 },
    round: async () => {
      const generation = witness.rounds + 2;
      const backups = [`backup-${generation}`];
      const record = { primary: WITNESS, backups };
      const standing = await answered<typeof record | { primary: string; backups: readonly string[] }>(
        (answer) => store.claim(generation, record, answer),
      );
      if (standing.primary !== WITNESS || standing.backups[0] !== backups[0])
        throw new WrongAnswer(`generation ${generation} is that of ${standing.primary}, ${standing.backups}`);
      const id = witness.rounds + 1;
      const sector = id % SECTORS;
      const data = new Uint8Array(SECTOR_BYTES).fill(id & 255);
      const perform = (request: Parameters<typeof store.perform>[0]['request']) =>
        answered<{ status: number | 'refused'; data: Uint8Array }>((answer) =>
          store.perform({ do: 'disk', id, generation, lowWater: id, request }, (status, read) =>
            answer({ status, data: read }),
          ),
        );
      const written = await perform({ operation: 'write', sector, data });
      const read = await perform({ operation: 'read', sector, sizeBytes: SECTOR_BYTES });
      if (written.status !== DISK_OK || read.status !== DISK_OK || Buffer.compare(read.data, data) !== 0)
        throw new WrongAnswer(`write ${id}: ${written.status}, and read: ${read.status}`);
    },
  };
  return witness;
}

/** Scrapes the figures, as Prometheus does. */
export function scraper({ ports }: World): Witness {
  const witness: Witness = {
    ...{ name: 'scrapes of the figures', rounds: 0 },
    round: async () => {
      await setTimeout(100);
      let text: string;
      try {
        const response = await fetch(`http://${ADDRESS}:${ports.metrics}/metrics`, {
          signal: AbortSignal.timeout(AGAIN_MS),
        });
        text = await response.text();
        if (!response.ok) return witness.round();
      } catch {
        // The limit of connections is reached, or this process was too busy: try again.
        return witness.round();
      }
      if (!text.includes(`vmft_generation{group="${BANK}"}`)) throw new WrongAnswer(`figures: ${text}`);
    },
  };
  return witness;
}

/** Two machines on the bank's network: a network may lose frames, so one is sent until it arrives. */
export function neighbours(world: World): Witness {
  const { ports } = world;
  const received = new Set<number>();
  const [from, to] = [Uint8Array.of(2, 0, 0, 0, 8, 1), Uint8Array.of(2, 0, 0, 0, 8, 2)];
  const frameOf = (destination: Uint8Array, source: Uint8Array, number: number) => {
    const frame = new Uint8Array(60);
    frame.set(destination);
    frame.set(source, 6);
    new DataView(frame.buffer).setUint32(14, number);
    return frame;
  };
  const join = () => {
    const socket = connect(ports.stream, ADDRESS);
    socket.on('error', () => {});
    world.atEnd(() => socket.destroy());
    return socket;
  };
  const [sender, receiver] = [join(), join()];
  const parser = new FrameParser();
  receiver.on('data', (chunk: Buffer) => {
    const wrong = parser.push(chunk, (frame) => {
      if (Buffer.compare(frame.subarray(0, 12), Buffer.concat([to, from])) === 0)
        received.add(new DataView(frame.buffer, frame.byteOffset).getUint32(14));
    });
    if (wrong !== undefined) throw new WrongAnswer(`the switch sends ${wrong}`);
  });
  sender.resume();
  const witness: Witness = {
    ...{ name: 'frames between machines', rounds: 0 },
    round: async () => {
      const number = witness.rounds + 1;
      for (;;) {
        receiver.write(withLength(frameOf(from, to, 0)));
        sender.write(withLength(frameOf(to, from, number)));
        for (let waited = 0; waited < 50 && !received.has(number); waited += 2) await setTimeout(2);
        if (!received.has(number)) continue;
        received.clear();
        return;
      }
    },
  };
  return witness;
}
