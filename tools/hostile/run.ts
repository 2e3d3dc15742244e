/**
 * Runs a case and checks properties. The correct result of random bytes is unknown, but these hold for all: nothing
 * throws or hangs; memory outside RAM is unchanged; the hart's words are reachable by instructions; outputs are valid;
 * the TLB agrees with the page tables. And a replay of the run's log on another machine in other slices, with a
 * snapshot in the middle, reaches the same state.
 */
import { decode } from '../../src/base/codec.ts';
import { Random } from '../../src/base/random.ts';
import { MSTATUS } from '../../src/cpu/csrs.ts';
import type { Execution } from '../../src/cpu/engine.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { DISK_IOERR, DISK_OK, type DiskRequest, SECTOR_BYTES } from '../../src/devices/device.ts';
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from '../../src/devices/virtio/net.ts';
import { STATUS } from '../../src/devices/virtio/registers.ts';
import type { VirtioState } from '../../src/devices/virtio/transport.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import { type MachineDescription, virtioOf } from '../../src/vmm/description.ts';
import { LiveDoors, RecordingDoors, ReplayDoors } from '../../src/vmm/doors.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { countOf, type Output } from '../../src/vmm/outputs.ts';
import {
  compareSnapshots,
  decodeSnapshot,
  encodeSnapshot,
  restoreSnapshot,
  takeSnapshot,
} from '../../src/vmm/snapshot.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { TickingWorld } from '../testing/ticking-world.ts';
import { Areas, modelOf } from './areas.ts';
import { type Case, makeCase } from './case.ts';
import { expectationOf, surprise } from './expectation.ts';
import { illegalWord } from './legal.ts';
import { kinds, Pair } from './machines.ts';

/** A violated property. */
export class Violation extends Error {
  override name = 'Violation';
}

function must(what: string | undefined): void {
  if (what !== undefined) throw new Violation(what);
}
const mustBe = (condition: boolean, what: string): void => must(condition ? undefined : what);

/** Statistics of a case, which show that attacks have effects. */
export interface Outcome {
  kind: string;
  steps: number;
  outputs: Record<Output['kind'], number>;
  /** Devices that need a reset at the end. */
  broken: string[];
  entries: number;
  causes: string[];
  privilege: number;
  translated: boolean;
  stepByStep: boolean;
  grown: boolean;
  off: boolean;
}

/** The most random bytes that are requested at once. */
const MAX_ENTROPY_BYTES = 4096;

/** An environment whose random bytes are a sequence. */
class FillingWorld extends TickingWorld {
  private drawn = 0;

  entropy(sizeBytes: number): Uint8Array {
    mustBe(sizeBytes > 0 && sizeBytes <= MAX_ENTROPY_BYTES, `${sizeBytes} random bytes at once`);
    return new Uint8Array(sizeBytes).fill(++this.drawn * 77);
  }
}

/** The most output of one run: a megabyte ends it, and one instruction can make two more. */
const MAX_OUTPUT_BYTES = 3 << 20;

/** Checks outputs, and keeps a digest that does not depend on how console bytes are grouped. */
class Outside {
  readonly counts: Record<Output['kind'], number> = { console: 0, frame: 0, disk: 0 };
  private made = 0;
  private mixed = 0;

  constructor(private readonly description: MachineDescription) {}

  get digest(): string {
    return `${this.made}:${this.mixed}`;
  }

  take(outputs: readonly Output[]): void {
    let bytes = 0;
    for (const output of outputs) {
      mustBe(output.first === this.made + 1, `output ${output.first} comes after ${this.made}`);
      this.made += countOf(output);
      this.counts[output.kind] += countOf(output);
      bytes += this.check(output);
    }
    mustBe(bytes <= MAX_OUTPUT_BYTES, `${bytes} bytes of output at once`);
  }

  private check(output: Output): number {
    switch (output.kind) {
      case 'console':
        this.mix(output.data);
        return output.data.length;
      case 'frame': {
        const { length } = output.frame;
        mustBe(length >= MIN_FRAME_BYTES && length <= MAX_FRAME_BYTES, `a frame of ${length} bytes`);
        this.mix(output.frame);
        return length;
      }
      case 'disk':
        return this.request(output.request);
    }
  }

  private request(request: DiskRequest): number {
    if (request.operation === 'flush') return 0;
    const [disk] = virtioOf(this.description, 'blk');
    if (!disk) throw new Error('a disk operation from a machine without a disk');
    const sizeBytes = request.operation === 'read' ? request.sizeBytes : request.data.length;
    mustBe(sizeBytes % SECTOR_BYTES === 0, `a disk operation of ${sizeBytes} bytes`);
    mustBe(
      request.sector + sizeBytes / SECTOR_BYTES <= disk.sectors,
      `sector ${request.sector} of ${disk.sectors}`,
    );
    mustBe(request.operation === 'read' || !disk.readOnly, 'a write to a disk that may only be read');
    this.mix(request.operation === 'write' ? request.data : Uint8Array.of(request.sector, sizeBytes >> 9));
    return sizeBytes;
  }

  private mix(bytes: Uint8Array): void {
    let mixed = this.mixed;
    for (let at = 0; at < bytes.length; at++) mixed = (Math.imul(mixed, 31) + bytes[at]!) | 0;
    this.mixed = mixed;
  }
}

interface Trio {
  first: Machine;
  second: Machine;
  third: Machine;
}

interface Recording {
  entries: Entry[];
  icount: number;
  hash: bigint;
  outside: Outside;
}

/** Runs cases on a few reused machines. */
export class Runner {
  private readonly pairs: (Pair | undefined)[] = [];
  private readonly areas = new Map<Machine, Areas>();

  constructor(private readonly execution: Execution) {}

  private pair(kind: number): Pair {
    const pair = this.pairs[kind] ?? new Pair(kinds[kind]!, this.execution);
    this.pairs[kind] = pair;
    for (const machine of pair.machines)
      if (!this.areas.has(machine)) this.areas.set(machine, new Areas(machine.hart));
    return pair;
  }

  /** Machines to record and to replay on, and one for the snapshot. A machine with added memory is not reused. */
  private machinesFor({ kind, grows }: Case): Trio {
    if (!grows) {
      const [first, second] = this.pair(kind).machines;
      return { first, second, third: first };
    }
    const make = () => new Machine(kinds[kind]!, new ReplayDoors(), this.execution);
    return { first: make(), second: make(), third: make() };
  }

  /**
   * @throws {Error} when a property is violated. Then the runner must not be used again: its machines may be damaged.
   */
  run(seed: string, index: number): Outcome {
    const one = makeCase(seed, index, (kind) => this.pair(kind));
    const trio = this.machinesFor(one);
    const areas = Object.values(trio).map((machine) => this.areas.get(machine) ?? new Areas(machine.hart));
    const recording = this.record(one, trio.first);
    const outcome = outcomeOf(one, trio.first, recording);
    this.replay(one, trio, recording);
    for (const area of new Set(areas)) must(area.wrong());
    if (one.grows) for (const area of areas) must(area.wrongAtLarge());
    return outcome;
  }

  /** Violations in memory that is too large to be checked after each case. */
  wrongAtLarge(): string | undefined {
    for (const areas of this.areas.values()) {
      const wrong = areas.wrongAtLarge();
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  /** Sets a machine to the initial state of the case. */
  private prepare({ state, memory }: Case, machine: Machine): void {
    machine.hart.clearRam();
    machine.hart.write(RAM_BASE, memory);
    machine.state = decode(machine.schema, state);
    machine.takeOutputs();
  }

  private record(one: Case, machine: Machine): Recording {
    this.prepare(one, machine);
    const random = new Random(`${one.name}/world`);
    const world = new FillingWorld();
    const live = new LiveDoors(world);
    const entries: Entry[] = [];
    const vmm = new Vmm(
      machine.description,
      new RecordingDoors(live, (entry) => entries.push(entry)),
      machine,
    );
    const outside = new Outside(machine.description);
    const end = one.steps;
    let idle = 0;
    for (let slices = 0; machine.icount < end && idle < 3; slices++) {
      mustBe(slices < 20 * MAX_SLICES, 'it makes no progress');
      const slice = Math.min(1 + random.below(300), end - machine.icount);
      const from = machine.icount;
      const pause = one.stepByStep ? this.stepByStep(vmm, slice) : vmm.run(slice);
      mustBe(machine.icount <= from + slice, `${machine.icount - from} steps where ${slice} were asked for`);
      mustBe(pause !== 'stalled', 'it is stalled');
      must(illegalWord(machine.hart));
      const outputs = machine.takeOutputs();
      outside.take(outputs);
      if (pause === 'off') break;
      if (pause === 'waiting') idle++;
      passTime(machine, world, pause === 'waiting');
      answer(random, live, outputs);
      if (one.grows) live.operate('memory', machine.hart.ramSizeBytes + PAGE_BYTES * random.below(40));
    }
    const { hart, icount } = machine;
    mustBe(hart.hashRam() === hart.hashRam(true), 'a page has changed without its hash');
    const hash = machine.hash();
    entries.push({ kind: 'control', icount, action: 'end', value: 0 });
    return { entries, icount, hash, outside };
  }

  /** As `vmm.run`, with each step's memory accesses compared with the model. */
  private stepByStep(vmm: Vmm, steps: number): ReturnType<Vmm['run']> {
    const { machine } = vmm;
    const { hart } = machine;
    let { ram } = hart;
    let model = modelOf(hart);
    const end = machine.icount + steps;
    let pause = vmm.run(0);
    while (pause === 'budget' && machine.icount < end) {
      // Added memory is a new object.
      if (ram !== hart.ram) model = modelOf(hart);
      ram = hart.ram;
      const expected = expectationOf(hart, model);
      const retired = hart.get('minstretBias');
      const { icount } = machine;
      pause = vmm.run(1);
      const sameMachine = machine.icount === icount + 1 && hart.get('minstretBias') !== 0n;
      if (expected && sameMachine) must(surprise(hart, expected, retired));
      must(illegalWord(hart));
      if (pause === 'budget') pause = vmm.run(0);
    }
    return pause;
  }

  /** The same run on the second machine in other slices; somewhere a third one continues from a snapshot. */
  private replay(one: Case, { second, third }: Trio, recording: Recording): void {
    this.prepare(one, second);
    const random = new Random(`${one.name}/replay`);
    const outside = new Outside(second.description);
    const timeline = this.timeline(second, recording, (output) => outside.take([output]));
    const changeAt = random.chance(0.5) ? random.below(recording.icount) : Number.POSITIVE_INFINITY;
    for (let slices = 0; ; slices++) {
      mustBe(slices < MAX_SLICES * 20, 'the replay makes no progress');
      const changes = timeline.machine === second && timeline.icount >= changeAt;
      if (changes) {
        const snapshot = takeSnapshot(second);
        restoreSnapshot(
          third,
          random.chance(0.1) ? decodeSnapshot(encodeSnapshot(snapshot), 'snapshot') : snapshot,
        );
        if (random.chance(0.1)) mustBe(third.hash() === second.hash(), 'a restored machine has another hash');
        timeline.continueOn(third);
      }
      const slice = 1 + random.below(500);
      const before = timeline.machine === second ? Math.max(0, changeAt - timeline.icount) : slice;
      const pause = timeline.run(Math.min(slice, before));
      if (
        pause !== 'budget' &&
        (timeline.machine === third || pause === 'off' || timeline.icount >= recording.icount)
      )
        break;
    }
    const { machine } = timeline;
    mustBe(
      machine.icount === recording.icount,
      `the replay ends at ${machine.icount}, not at ${recording.icount}`,
    );
    if (machine.hash(true) !== recording.hash) throw new Violation(this.difference(one, machine, recording));
    mustBe(outside.digest === recording.outside.digest, 'the replay makes different outputs');
  }

  private timeline(machine: Machine, { entries }: Recording, made?: (output: Output) => void): Timeline {
    return new Timeline(machine.description, entries, { machine, passed: () => {}, ...(made && { made }) });
  }

  /** Runs the case again in one slice, to describe the difference. */
  private difference(one: Case, machine: Machine, recording: Recording): string {
    const replayed = takeSnapshot(machine);
    this.prepare(one, machine);
    for (const _ of this.timeline(machine, recording).slices());
    const { registers, devices, pages } = compareSnapshots(replayed, takeSnapshot(machine));
    const words = registers.filter(({ equal }) => !equal).map(({ name }) => name);
    return `the replay reaches a different state: ${[...words, ...devices, ...pages.map((page) => `page 0x${page.toString(16)}`)].join(', ') || 'the first run was different'}`;
  }
}

const MAX_SLICES = 10_000;

function passTime(machine: Machine, world: FillingWorld, waiting: boolean): void {
  if (!waiting) return;
  const deadline = machine.timerDeadline;
  const now = world.clock(machine.icount);
  const ahead = deadline === undefined ? 0 : Number(deadline) - now;
  world.advance(ahead > 0 && ahead < 1e12 ? ahead : 100);
}

/** The actions of the outside between two slices: completes disk operations, sends frames, types, resets. */
function answer(random: Random, live: LiveDoors, outputs: readonly Output[]): void {
  for (const output of outputs) {
    if (output.kind !== 'disk' || random.chance(0.2)) continue;
    const { request } = output;
    const status = random.chance(0.2) ? DISK_IOERR : DISK_OK;
    const sizeBytes = request.operation === 'read' && status === DISK_OK ? request.sizeBytes : 0;
    live.completed({ id: output.first, status, data: new Uint8Array(sizeBytes).fill(random.below(256)) });
  }
  if (random.chance(0.3)) live.frame(random.bytes(14 + random.below(60)));
  if (random.chance(0.3)) live.type(random.bytes(1 + random.below(20)));
  if (random.chance(0.01)) live.operate('reset');
}

function outcomeOf(one: Case, machine: Machine, { entries, icount, outside }: Recording): Outcome {
  const { hart, devices } = machine.state;
  const needsReset = ([, state]: [string, object]) =>
    'status' in state && ((state as VirtioState).status & STATUS.DEVICE_NEEDS_RESET) !== 0;
  const causes = (['mcause', 'scause'] as const)
    .map((name) => hart[name]!)
    .filter((cause) => (cause > 0n && cause < 64n) || cause >> 63n === 1n);
  return {
    kind: machine.description.program,
    steps: icount,
    outputs: outside.counts,
    broken: Object.entries(devices)
      .filter(needsReset)
      .map(([name]) => name.split('.')[0]!),
    entries: entries.length,
    causes: causes.map((cause) => (cause >> 63n ? `interrupt ${cause & 63n}` : `exception ${cause}`)),
    privilege: Number(hart.privilege),
    translated: hart.satp! !== 0n && (hart.privilege !== 3n || (hart.mstatus! & MSTATUS.MPRV) !== 0n),
    stepByStep: one.stepByStep,
    grown: machine.hart.ramSizeBytes > machine.description.memorySizeBytes,
    off: machine.power.off,
  };
}
