/** What is outside the hosts, and outlives them: links, storage, and the edge with console and client network. */
import { Random } from '../../base/random.ts';
import { Fence } from '../../cluster/edge/fence.ts';
import type {
  Clock,
  DiskPort,
  EdgePort,
  FrameReceiver,
  GenerationStore,
  Ports,
  Transport,
} from '../../cluster/ports.ts';
import type { Effect, GenerationRecord } from '../../ft/effects.ts';
import type { DiskVariant, UnsafeRule } from '../../ft/rules.ts';
import type { EvidencePlaces, Spool } from '../../replay/spool.ts';
import type { EdgeOutput } from '../../vmm/outputs.ts';
import { type HostId, STORAGE, SWITCH } from '../faults/faults.ts';
import { Console } from './console.ts';
import { Disk } from './disk.ts';
import { Mesh } from './mesh.ts';
import { ClientNetwork } from './network.ts';
import type { Scheduler } from './scheduler.ts';
import { Storage } from './storage.ts';

/** The size on a link of a request or an answer without data. */
const SHORT_BYTES = 20;
/** The size on a link of a generation's record. */
const RECORD_BYTES = 100;
/** The size on a link of a request to read from disk. */
const READ_BYTES = 30;

/** What the world depends on. */
export interface WorldOptions {
  seed: string;
  unsafe: ReadonlySet<UnsafeRule>;
  /** The speed of every link. */
  bitsPerSecond: number;
  /** Storage's record of generation 1. */
  first: GenerationRecord;
  disk: DiskVariant;
  sectors: number;
  /** The initial content of every disk, followed by zeros. */
  diskContent: Uint8Array;
  clients: number;
  input: Uint8Array;
  typeAfter?: string | undefined;
  attended: boolean;
  evidence: EvidencePlaces;
  print: (data: Uint8Array) => void;
}

/** Receives what goes over links and edge. */
export interface WorldListener {
  /** A message has arrived at host `to`. */
  arrived(to: HostId, from: HostId, bytes: Uint8Array): void;
  /** A host has released outputs, or an operation of the shared disk. */
  leaves(host: HostId, effect: Extract<Effect, { do: 'release' | 'disk' }>): void;
  /** A new output has reached the edge. */
  reached(output: EdgeOutput): void;
  /** A new generation was recorded. */
  recorded(record: GenerationRecord): void;
}

/** The ports of all hosts lead here. */
export class World {
  readonly mesh: Mesh;
  readonly storage: Storage;
  readonly console: Console;
  readonly network: ClientNetwork;
  /** The fence of console and switch. */
  private readonly fence: Fence;
  private readonly privateDisks = new Map<HostId, Disk>();

  constructor(
    private readonly options: WorldOptions,
    private readonly scheduler: Scheduler,
    private readonly listener: WorldListener,
  ) {
    const { seed, unsafe, bitsPerSecond, first, evidence } = options;
    const { console, world } = evidence;
    const dedup = !unsafe.has('dedup');
    const fencing = !unsafe.has('fencing');
    const random = (name: string) => new Random(`${seed}/${name}`);
    this.mesh = new Mesh(scheduler, random('links'), bitsPerSecond);
    const disk = this.makeDisk(`${seed}/disk`, dedup, world);
    this.storage = new Storage(first, disk, fencing, scheduler, random('storage'));
    const { input, print, attended, typeAfter, clients } = options;
    this.console = new Console(scheduler, input, dedup, print, attended, typeAfter, console);
    this.network = new ClientNetwork(
      scheduler,
      random('clients'),
      clients,
      dedup,
      !unsafe.has('keep-frames'),
      world,
    );
    this.fence = new Fence(fencing);
  }

  /** The number of repeated outputs at console and switch. */
  get duplicatesDropped(): number {
    return this.console.duplicatesDropped + this.network.duplicatesDropped;
  }

  /** A host's private disk (`--disk private`). */
  privateDisk(id: HostId): Disk {
    const known = this.privateDisks.get(id);
    if (known) return known;
    const disk = this.makeDisk(`${this.options.seed}/disk/${id}`, false, undefined);
    this.privateDisks.set(id, disk);
    return disk;
  }

  private makeDisk(seed: string, dedup: boolean, spool: Spool | undefined): Disk {
    const { sectors, diskContent } = this.options;
    return new Disk(sectors, this.scheduler, new Random(seed), dedup, diskContent, spool);
  }

  /** The ports of a host. */
  ports(id: HostId, clock: Clock): Ports {
    return {
      clock,
      transport: this.transport(id),
      generations: this.generations(id),
      edge: this.edge(id),
      disk: this.disk(id),
    };
  }

  private transport(id: HostId): Transport {
    const { mesh, listener } = this;
    return {
      stream: (to, bytes) => mesh.link(id, to).stream(bytes.length, () => listener.arrived(to, id, bytes)),
      datagram: (to, bytes) =>
        mesh.link(id, to).datagram(bytes.length, () => listener.arrived(to, id, bytes)),
      restored: (peer) => mesh.link(id, peer).restore(),
    };
  }

  private toSwitch(from: HostId, sizeBytes: number, action: () => void): void {
    this.mesh.link(from, SWITCH).stream(sizeBytes, action);
  }

  private fromSwitch(to: HostId, sizeBytes: number, action: () => void): void {
    this.mesh.link(SWITCH, to).stream(sizeBytes, action);
  }

  private toStorage(from: HostId, sizeBytes: number, action: () => void): void {
    this.mesh.link(from, STORAGE).stream(sizeBytes, () => {
      if (!this.storage.isDown) action();
    });
  }

  private fromStorage(to: HostId, sizeBytes: number, action: () => void): void {
    this.storage.answer(() => this.mesh.link(STORAGE, to).stream(sizeBytes, action));
  }

  private generations(id: HostId): GenerationStore {
    const { generations } = this.storage;
    return {
      claim: (generation, record, answer) =>
        this.toStorage(id, RECORD_BYTES, () => {
          const { newest } = generations;
          const standing = generations.testAndSet(generation, record);
          if (generations.newest > newest) this.listener.recorded(standing);
          this.fromStorage(id, RECORD_BYTES, () => answer(standing));
        }),
      read: (generation, answer) =>
        this.toStorage(id, SHORT_BYTES, () => {
          const record = generations.read(generation);
          this.fromStorage(id, RECORD_BYTES, () => answer(record));
        }),
    };
  }

  private edge(id: HostId): EdgePort {
    const { console, network, fence, listener } = this;
    const port =
      (received: FrameReceiver): FrameReceiver =>
      (number, frame) =>
        this.fromSwitch(id, frame.length, () => received(number, frame));
    return {
      release: (effect, delivered, received) => {
        const { outputs, generation } = effect;
        listener.leaves(id, effect);
        this.toSwitch(id, sizeOf(outputs), () => {
          if (!fence.admits(generation)) return;
          for (const output of outputs) {
            const isNew =
              output.kind === 'console' ? console.release(output) : network.release(output, port(received));
            if (isNew) listener.reached(output);
            this.fromSwitch(id, SHORT_BYTES, () => delivered(output));
          }
        });
      },
      listen: (offset, generation, typed) =>
        this.toSwitch(id, SHORT_BYTES, () => {
          if (!fence.admits(generation)) return;
          console.listen(offset, (from, data) => this.fromSwitch(id, data.length, () => typed(from, data)));
        }),
      announce: (frame, nextFrame, generation, received) =>
        this.toSwitch(id, frame.length, () => {
          if (fence.admits(generation)) network.announced(port(received), nextFrame);
        }),
      inputsHeld: (frames, typed, generation) =>
        this.toSwitch(id, SHORT_BYTES, () => {
          if (!fence.admits(generation)) return;
          network.kept.held(frames);
          console.held(typed);
        }),
    };
  }

  private disk(id: HostId): DiskPort {
    if (this.options.disk === 'private')
      return {
        perform: (effect, answer) => this.privateDisk(id).perform(effect.id, effect.request, 0, answer),
      };
    return {
      perform: (effect, answer) => {
        this.listener.leaves(id, effect);
        const { request } = effect;
        const sizeBytes = request.operation === 'write' ? request.data.length : READ_BYTES;
        this.toStorage(id, sizeBytes, () =>
          this.storage.perform(effect, (status, data) =>
            this.fromStorage(id, data.length + SHORT_BYTES, () => answer(status, data)),
          ),
        );
      },
    };
  }
}

const sizeOf = (outputs: readonly EdgeOutput[]): number =>
  outputs.reduce(
    (sum, output) =>
      sum + SHORT_BYTES + (output.kind === 'console' ? output.data.length : output.frame.length),
    0,
  );
