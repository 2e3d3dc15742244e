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
import { type HostId, type NodeId, STORAGE, SWITCH } from '../faults/faults.ts';
import { Console } from './console.ts';
import { Disk } from './disk.ts';
import type { Cargo, Departure, LinkTrace } from './link-trace.ts';
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
  /** Receives every message. */
  trace?: LinkTrace | undefined;
}

type Way = Departure['way'];

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
    const toHost = (way: Way) => (to: HostId, bytes: Uint8Array) =>
      this.send({ from: id, to, way, sizeBytes: bytes.length, cargo: { kind: 'bytes', bytes } }, () =>
        listener.arrived(to, id, bytes),
      );
    return {
      stream: toHost('stream'),
      datagram: toHost('datagram'),
      restored: (peer) => mesh.link(id, peer).restore(),
    };
  }

  private send(message: Departure, deliver: () => void): void {
    const { from, to, way, sizeBytes } = message;
    const link = this.mesh.link(from, to);
    const flight = this.options.trace?.departs(message);
    if (!flight) return link[way](sizeBytes, deliver);
    link[way](
      sizeBytes,
      () => flight.arrives(deliver),
      (why) => flight.lost(why),
    );
  }

  private stream(
    from: NodeId,
    to: NodeId,
    sizeBytes: number,
    cargo: Cargo,
    deliver: () => void,
    cause?: number,
  ) {
    this.send({ from, to, way: 'stream', sizeBytes, cargo, cause }, deliver);
  }

  private toSwitch(from: HostId, sizeBytes: number, cargo: Cargo, action: () => void): void {
    this.stream(from, SWITCH, sizeBytes, cargo, action);
  }

  private fromSwitch(to: HostId, sizeBytes: number, cargo: Cargo, action: () => void): void {
    this.stream(SWITCH, to, sizeBytes, cargo, action);
  }

  private toStorage(from: HostId, sizeBytes: number, cargo: Cargo, action: () => void): void {
    this.stream(from, STORAGE, sizeBytes, cargo, () => {
      if (this.storage.isDown) this.options.trace?.refused('outage');
      else action();
    });
  }

  /** Answers the message `request`, which a trace has numbered; an answer may be late. */
  private fromStorage(
    to: HostId,
    sizeBytes: number,
    cargo: Cargo,
    request: number | undefined,
    action: () => void,
  ) {
    this.storage.answer(() => this.stream(STORAGE, to, sizeBytes, cargo, action, request));
  }

  /** The number of the message that is being handled, if the run is traced. */
  private get arriving(): number | undefined {
    return this.options.trace?.arriving;
  }

  private generations(id: HostId): GenerationStore {
    const { generations } = this.storage;
    return {
      claim: (generation, record, answer) =>
        this.toStorage(id, RECORD_BYTES, { kind: 'claim', generation, record }, () => {
          const { newest } = generations;
          const standing = generations.testAndSet(generation, record);
          if (generations.newest > newest) this.listener.recorded(standing);
          const cargo: Cargo = { kind: 'record', generation, record: standing };
          this.fromStorage(id, RECORD_BYTES, cargo, this.arriving, () => answer(standing));
        }),
      read: (generation, answer) =>
        this.toStorage(id, SHORT_BYTES, { kind: 'read-generation', generation }, () => {
          const record = generations.read(generation);
          const cargo: Cargo = { kind: 'record', generation, record };
          this.fromStorage(id, RECORD_BYTES, cargo, this.arriving, () => answer(record));
        }),
    };
  }

  private edge(id: HostId): EdgePort {
    const { console, network, fence, listener } = this;
    const port =
      (received: FrameReceiver): FrameReceiver =>
      (number, frame) =>
        this.fromSwitch(id, frame.length, { kind: 'frame', number, frame }, () => received(number, frame));
    return {
      release: (effect, delivered, received) => {
        const { outputs, generation } = effect;
        listener.leaves(id, effect);
        this.toSwitch(id, sizeOf(outputs), { kind: 'release', outputs }, () => {
          if (!fence.admits(generation)) return;
          for (const output of outputs) {
            const isNew =
              output.kind === 'console' ? console.release(output) : network.release(output, port(received));
            if (isNew) listener.reached(output);
            this.fromSwitch(id, SHORT_BYTES, { kind: 'delivered', output }, () => delivered(output));
          }
        });
      },
      listen: (offset, generation, typed) =>
        this.toSwitch(id, SHORT_BYTES, { kind: 'listen', offset }, () => {
          if (!fence.admits(generation)) return;
          console.listen(offset, (from, data) =>
            this.fromSwitch(id, data.length, { kind: 'typed', offset: from, data }, () => typed(from, data)),
          );
        }),
      announce: (frame, nextFrame, generation, received) =>
        this.toSwitch(id, frame.length, { kind: 'announce' }, () => {
          if (fence.admits(generation)) network.announced(port(received), nextFrame);
        }),
      inputsHeld: (frames, typed, generation) =>
        this.toSwitch(id, SHORT_BYTES, { kind: 'inputs-held' }, () => {
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
        this.toStorage(id, sizeBytes, { kind: 'disk', id: effect.id, request }, () => {
          const { arriving } = this;
          this.storage.perform(effect, (status, data) => {
            const cargo: Cargo = { kind: 'disk-done', id: effect.id, status };
            this.fromStorage(id, data.length + SHORT_BYTES, cargo, arriving, () => answer(status, data));
          });
        });
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
