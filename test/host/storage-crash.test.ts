/**
 * A primary that follows the protocol, on a storage service that loses power, is killed, or loses its links at any
 * moment: what the guest reads, and what is on the disk at the end, is as if nothing had happened.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { DISK_OK, type DiskRequest, SECTOR_BYTES } from '../../src/devices/device.ts';
import { StorageClient } from '../../src/host/storage/storage-client.ts';
import { StorageServer } from '../../src/host/storage/storage-server.ts';
import { examples } from '../thorough.ts';
import { CrashFiles } from './crash-files.ts';
import { fakeLink } from './fake-link.ts';

const SECTORS = 6;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

type Operation = { id: number; request: DiskRequest; state: 'open' | 'issued' | 'answered' | 'held' };

const span = (request: DiskRequest) =>
  request.operation === 'flush'
    ? { from: 0, to: 0 }
    : {
        from: request.sector,
        to:
          request.sector +
          (request.operation === 'read' ? request.sizeBytes : request.data.length) / SECTOR_BYTES,
      };

function conflict(a: DiskRequest, b: DiskRequest): boolean {
  const [x, y] = [span(a), span(b)];
  return x.from < y.to && y.from < x.to && (a.operation === 'write' || b.operation === 'write');
}

/** A guest's operations, and the replicas that issue them by the rules of docs/protocol.md. */
class Guest {
  generation = 1;
  private readonly operations: Operation[];
  /** The disk after the writes before each operation. */
  private readonly expected: Uint8Array[] = [];
  readonly content = new Uint8Array(SECTORS * SECTOR_BYTES);

  constructor(requests: DiskRequest[]) {
    this.operations = requests.map((request, index) => ({ id: index + 1, request, state: 'open' }));
    for (const request of requests) {
      this.expected.push(this.content.slice());
      if (request.operation === 'write') this.content.set(request.data, request.sector * SECTOR_BYTES);
    }
  }

  get done(): boolean {
    return this.operations.every(({ state }) => state === 'held');
  }

  /** Issues what may be issued; `again`: also what is unanswered. */
  issue(client: StorageClient, again: boolean): void {
    const { generation } = this;
    const lowWater = this.operations.find(({ state }) => state !== 'held')?.id ?? 0;
    for (const [index, operation] of this.operations.entries()) {
      const { id, request, state } = operation;
      if (state !== 'open' && !(again && state === 'issued')) continue;
      const earlier = this.operations.slice(0, index);
      if (earlier.some((one) => one.state !== 'held' && conflict(one.request, request))) continue;
      operation.state = 'issued';
      client.group('g').perform({ do: 'disk', id, request, generation, lowWater }, (status, data) => {
        if (generation !== this.generation || operation.state !== 'issued') return;
        if (status === 'refused' && this.isBeingReplaced) return;
        expect(status).toBe(DISK_OK);
        if (request.operation === 'read')
          expect(data).toEqual(
            this.expected[index]!.slice(request.sector * SECTOR_BYTES).subarray(0, request.sizeBytes),
          );
        operation.state = 'answered';
      });
    }
  }

  /** A claim of the next generation may have been recorded. */
  isBeingReplaced = false;

  /** Every replica holds the completions so far, or some of them. */
  hold(random: Random): void {
    for (const operation of this.operations)
      if (operation.state === 'answered' && random.chance(0.5)) operation.state = 'held';
  }

  /** Another replica goes live, which does not have all completions. */
  takeOver(generation: number): void {
    this.generation = generation;
    this.isBeingReplaced = false;
    for (const operation of this.operations) if (operation.state !== 'held') operation.state = 'open';
  }
}

/** A service, and clients of it on several links. */
class Storage {
  files = new CrashFiles();
  private server!: StorageServer;
  /** The primary, and a deposed one that does not know it. */
  readonly client = new StorageClient();
  readonly deposed = new StorageClient();

  async start(): Promise<void> {
    this.server = await StorageServer.open('/store', { files: this.files });
    for (const client of [this.client, this.deposed]) this.connect(client);
  }

  connect(client: StorageClient): void {
    const [atClient, atServer] = fakeLink(
      { role: 'host', name: 'a', bootId: 1n },
      { role: 'storage', name: 's', bootId: 2n },
    );
    this.server.serve(atServer);
    client.attach(atClient);
  }
}

const request = fc.oneof(
  fc.record({ sector: fc.nat(SECTORS - 3), sectors: fc.integer({ min: 1, max: 3 }), fill: fc.nat(255) }).map(
    ({ sector, sectors, fill }): DiskRequest => ({
      operation: 'write',
      sector,
      data: new Uint8Array(sectors * SECTOR_BYTES).fill(fill),
    }),
  ),
  fc.nat(SECTORS - 1).map((sector): DiskRequest => ({ operation: 'read', sector, sizeBytes: SECTOR_BYTES })),
  fc.constant<DiskRequest>({ operation: 'flush' }),
);
const event = fc.constantFrom('crash', 'kill', 'link', 'retry', 'retry', 'take-over', 'soon', 'none');

async function run(requests: DiskRequest[], events: string[], seed: string): Promise<void> {
  const random = new Random(seed);
  const storage = new Storage();
  await storage.start();
  await storage.client.createGroup('g', { primary: 'a', backups: [] }, new Uint8Array(0));
  await storage.client.uploadDisk('g', SECTORS * SECTOR_BYTES);
  const guest = new Guest(requests);
  /** Asks for the next generation. If the power fails before the answer, the claim may have been recorded. */
  const claim = async (): Promise<void> => {
    const generation = guest.generation + 1;
    let isAnswered = false;
    guest.isBeingReplaced = true;
    storage.client.group('g').claim(generation, { primary: 'b', backups: [] }, () => {
      isAnswered = true;
    });
    guest.issue(storage.deposed, true);
    while (!isAnswered && storage.files.operations < storage.files.powerFailsAfter) await turn();
    if (isAnswered) guest.takeOver(generation);
  };
  for (let step = 0; !guest.done; step++) {
    expect(step).toBeLessThan(500);
    guest.issue(storage.client, false);
    const next = events[step] ?? 'retry';
    const hasFailed = storage.files.operations >= storage.files.powerFailsAfter;
    if (next === 'soon' && !hasFailed)
      storage.files.powerFailsAfter = storage.files.operations + random.below(6);
    for (let n = random.below(6); n > 0; n--) await turn();
    guest.hold(random);
    const failed = storage.files.operations >= storage.files.powerFailsAfter;
    if (next === 'crash' || next === 'kill' || failed) {
      const { files } = storage;
      storage.files = next === 'kill' ? files.afterKill() : files.afterCrash(random);
      await storage.start();
      if (guest.isBeingReplaced) await claim();
      guest.issue(storage.client, true);
    } else if (next === 'link') {
      storage.connect(storage.client);
      guest.issue(storage.client, true);
    } else if (next === 'retry') guest.issue(storage.client, true);
    else if (next === 'take-over') {
      // The deposed primary has sent it all once more: some of it arrives before the claim, some after.
      guest.issue(storage.deposed, true);
      await claim();
    }
  }
  const { files } = storage;
  for (const left of [files.afterCrash(random), files.afterKill()])
    expect(left.content('/store/disks/g.disk')).toEqual(guest.content);
}

test('a guest sees one disk, whatever happens to the service', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 12 }),
      fc.array(event, { maxLength: 12 }),
      fc.string(),
      run,
    ),
    { numRuns: examples(400) },
  );
});
