import { assert } from '../base/assert.ts';
import { copied } from '../base/bytes.ts';
import { encode, type RecordCodec, type ValueOf } from '../base/codec.ts';
import type { AnyHart } from '../cpu/checked-hart.ts';
import { INTERRUPT, MSTATUS, PRIVILEGE } from '../cpu/csrs.ts';
import { type Execution, makeHart } from '../cpu/engine.ts';
import type { Bus, Exit } from '../cpu/hart.ts';
import { RAM_BASE } from '../cpu/layout.ts';
import type { Device, DeviceContext, DeviceOutput } from '../devices/device.ts';
import { type MachineDescription, STEPS_PER_TICK } from './description.ts';
import { Devices } from './devices.ts';
import type { Input } from './entries.ts';
import { type clockSchema, type MachineState, machineSchema, type powerSchema } from './machine-state.ts';
import { M_MODE_CONTEXT, S_MODE_CONTEXT } from './memory-map.ts';
import type { Observer } from './observer.ts';
import { type Output, OutputCollector, type Warning } from './outputs.ts';
import { sbiCall } from './sbi.ts';
import { MachineSbi } from './sbi-host.ts';

/** The synchronous doors: the guest reads them in the middle of a step. */
export interface SynchronousDoors {
  /** The guest's clock in ticks of 100 ns since boot. */
  clock(icount: number): number;
  entropy(icount: number, sizeBytes: number): Uint8Array;
}

/**
 * A run ends early once it has made this many bytes of outputs and random numbers. One instruction or input can make
 * megabytes of them, and the caller must pass them on before the machine makes more.
 */
const MAX_RUN_BYTES = 1 << 20;

/** The most warnings that are kept until {@link Machine.takeWarnings}; further ones are dropped. */
const MAX_WARNINGS = 16;

/** External interrupts, and timer interrupts. */
const EXTERNAL = (1n << BigInt(INTERRUPT.MEI)) | (1n << BigInt(INTERRUPT.SEI));
const TIMERS = (1n << BigInt(INTERRUPT.MTI)) | (1n << BigInt(INTERRUPT.STI));

/**
 * The `virt` machine: one hart, RAM and devices. Running it is a pure function of its state, of the inputs applied and
 * of what the doors answer.
 */
export class Machine {
  readonly hart: AnyHart;
  /** Every field of the state, by name. */
  readonly schema: RecordCodec<MachineState>;
  private devices: Devices;
  private readonly collector = new OutputCollector();
  private readonly context: DeviceContext;
  private readonly sbi: MachineSbi;
  private made = 0;
  /**
   * Counts the guest's uses of anything outside the hart and its RAM. Not state, but deterministic for a run from a
   * given start.
   */
  interactions = 0;
  /** The position of the last of them. Not state. */
  interactedAt = -1;
  /** Counts the inputs applied. Not state. */
  inputs = 0;
  /** Bytes of outputs and random numbers since {@link takeOutputs}. */
  private passedBytes = 0;
  /**
   * Called in each step in which the guest uses a door or a device: whether {@link run} returns after it.
   * Not part of the state.
   */
  stopCondition: () => boolean = () => false;
  private observer: Observer | undefined;
  private warnings: Warning[] = [];
  private clockState: ValueOf<typeof clockSchema> = { ticks: 0, icount: 0 };
  private powerState: ValueOf<typeof powerSchema> = { off: false, reset: false, code: 0 };

  constructor(
    readonly description: MachineDescription,
    public doors: SynchronousDoors,
    /** Not part of the state: every engine gives the same machine. */
    readonly execution: Execution = {},
    /** `blank`: its RAM is all zeros, and will be set as a whole; the image is loaded at a reset. */
    image: 'loaded' | 'blank' = 'loaded',
  ) {
    this.devices = new Devices(description);
    this.schema = machineSchema(description);
    this.hart = makeHart(description.memorySizeBytes, this.bus(), execution);
    this.context = this.deviceContext();
    this.sbi = new MachineSbi(
      this.hart,
      this.context,
      () => this.devices.uart,
      () => this.updateLines(),
    );
    if (image === 'loaded') this.loadImage();
    this.startHart();
    this.updateLines();
  }

  private deviceContext(): DeviceContext {
    return {
      clock: () => this.readClock(),
      entropy: (sizeBytes) => {
        this.pass(sizeBytes);
        return this.drawEntropy(sizeBytes);
      },
      output: (output) => this.emit(output),
      warn: (device, message) => {
        const { icount, warnings } = this;
        if (warnings.length < MAX_WARNINGS) warnings.push({ icount, device, message });
      },
      memory: {
        read: (address, sizeBytes) => {
          const offset = this.ramOffset(address, sizeBytes);
          return offset === undefined ? undefined : copied(this.hart.ram, offset, sizeBytes);
        },
        write: (address, content) => {
          if (this.ramOffset(address, content.length) === undefined) return false;
          this.hart.write(address, content);
          return true;
        },
      },
    };
  }

  /** The position: steps since boot. */
  get icount(): number {
    return this.hart.icount;
  }

  /** Outputs made since boot. */
  get outputsMade(): number {
    return this.made;
  }

  /** Whether {@link MAX_RUN_BYTES} were made: the machine does not run until {@link takeOutputs}. */
  get isFull(): boolean {
    return this.passedBytes >= MAX_RUN_BYTES;
  }

  /** Whether the guest has switched itself off, and its exit code. */
  get power(): { off: boolean; code: number } {
    return this.powerState;
  }

  /**
   * Whether nothing from outside can reach the guest in its present state: no interrupt that it would take can become
   * pending, no device may write to its memory, and it does not wait for a byte in a word of HTIF.
   */
  get isIsolated(): boolean {
    const { hart, devices } = this;
    if (devices.net?.live || devices.console?.live || this.diskOpen) return false;
    if (devices.htif?.state.reading) return false;
    const [enabled, delegated, status] = [hart.get('mie'), hart.get('mideleg'), hart.get('mstatus')];
    const privilege = Number(hart.get('privilege'));
    const inMachine = privilege < PRIVILEGE.M || (status & MSTATUS.MIE) !== 0n;
    const inSupervisor =
      privilege < PRIVILEGE.S || (privilege === PRIVILEGE.S && (status & MSTATUS.SIE) !== 0n);
    return !this.canCome(enabled & ((inMachine ? ~delegated : 0n) | (inSupervisor ? delegated : 0n)));
  }

  /** Whether an interrupt can come that ends a WFI in the present state. */
  get canWake(): boolean {
    return this.canCome(this.hart.get('mie'));
  }

  /** Whether one of these interrupts can become pending by something outside: software interrupts are the guest's own. */
  private canCome(interrupts: bigint): boolean {
    return (
      (interrupts & EXTERNAL) !== 0n || ((interrupts & TIMERS) !== 0n && this.timerDeadline !== undefined)
    );
  }

  /** Whether the hart waits for an interrupt and none is pending. */
  get idle(): boolean {
    const { hart } = this;
    return hart.get('waiting') === 1n && hart.pending === 0n;
  }

  /** Console bytes that the machine has taken since boot. */
  get consoleReceived(): number {
    return this.devices.typed.received;
  }

  /** How many console bytes the guest can take now. */
  get consoleRoom(): number {
    const { console, uart } = this.devices;
    return console ? console.device.room(console) : uart.room;
  }

  /** Whether disk operations of this machine are under way. */
  get diskOpen(): boolean {
    return this.devices.disks.some(({ device }) => device.isBusy);
  }

  /** The latest time that the guest knows, in ticks. */
  get lastKnownTicks(): number {
    return Math.max(this.devices.clint.state.lastKnownTicks, this.derivedTicks ?? 0);
  }

  /** A derived clock's time at the present position, in ticks; undefined for a logged clock. */
  get derivedTicks(): number | undefined {
    if (this.description.clock !== 'derived') return undefined;
    const { ticks, icount } = this.clockState;
    return ticks + Math.floor((this.icount - icount) / STEPS_PER_TICK);
  }

  /** The position at which a derived clock will show `ticks`, if it isn't set before. */
  derivedIcountAt(ticks: number): number {
    const { ticks: base, icount } = this.clockState;
    return icount + (ticks - base) * STEPS_PER_TICK;
  }

  /** The tick at which the earliest of the guest's timers expires; undefined when none is armed. */
  get timerDeadline(): bigint | undefined {
    const { clint, rtc } = this.devices;
    const deadline = earlier(clint.deadline, rtc.deadline);
    return this.hart.hasSupervisorTimer
      ? earlier(deadline, clint.ticksAt(this.hart.get('stimecmp')))
      : deadline;
  }

  /** STIP, as Sstc derives it from `stimecmp` (section "Supervisor Timer (stimecmp) Register"). */
  private get supervisorTimerInterrupt(): boolean {
    const { hart } = this;
    return hart.hasSupervisorTimer && this.devices.clint.hasReached(hart.get('stimecmp'));
  }

  /**
   * Takes steps until `icount` is `limit`, the hart waits, the guest has switched off, the machine {@link isFull}, or
   * {@link stopCondition} returns true.
   */
  run(limit: number): Exit {
    for (;;) {
      if (this.powerState.off) return 'stop';
      const exit = this.hart.run(limit);
      if (!this.powerState.reset) return exit;
      this.reset();
    }
  }

  /** Stops runs at accesses that a debugger is interested in. Not part of the state. */
  observe(observer: Observer | undefined): void {
    this.observer = observer;
    this.hart.observe(observer?.ranges ?? []);
  }

  /** Applies an input at the present position. */
  apply(input: Input): void {
    this.inputs++;
    switch (input.kind) {
      case 'timer':
        this.clockState = { ticks: input.ticks, icount: this.icount };
        this.devices.clint.timer(input.ticks);
        this.devices.rtc.timer(input.ticks);
        break;
      case 'console':
        this.devices.type(input.data, this.context);
        break;
      case 'net':
        this.devices.receive(input.frame, this.context);
        break;
      case 'disk':
        assert(input.data !== undefined, 'a completion is applied with its data');
        this.devices.complete(input.id, input.status, input.data, this.context);
        break;
      case 'control':
        if (input.action === 'reset') this.reset();
        // Memory hot-add: RAM only ever grows.
        else if (input.value > this.hart.ramSizeBytes) this.hart.growRam(input.value);
        break;
    }
    this.updateLines();
  }

  /**
   * Study only: puts a read's data into guest memory before the logged completion, the race that bounce buffers
   * prevent.
   */
  writeEarly(id: number, data: Uint8Array): void {
    for (const disk of this.devices.disks) disk.device.writeEarly(id, data, disk, this.context);
  }

  /** The first HTIF command that the machine does not implement. */
  get unansweredCommand(): bigint | undefined {
    return this.devices.htif?.state.unanswered || undefined;
  }

  /** Hands over the outputs made since the last call. */
  takeOutputs(): Output[] {
    this.passedBytes = 0;
    return this.collector.take();
  }

  /** Hands over the devices' warnings since the last call: the first {@link MAX_WARNINGS}. */
  takeWarnings(): Warning[] {
    return this.warnings.splice(0);
  }

  /**
   * A 64-bit hash of the whole state. Equal machines at equal `icount` have equal hashes. `afresh`: see
   * {@link Hart.hashRam}.
   */
  hash(afresh = false): bigint {
    const ram = this.hart.hashRam(afresh);
    const rest = this.hart.hash(encode(this.schema, this.state));
    return BigInt.asUintN(64, ram * 3n + rest);
  }

  /** The state as plain data. The devices' parts are references to live state: encode it to keep it. */
  get state(): MachineState {
    return {
      hart: this.hart.state,
      devices: Object.fromEntries(this.devices.named.map(([name, device]) => [name, device.state])),
      ramSizeBytes: this.hart.ramSizeBytes,
      outputsMade: this.made,
      clock: this.clockState,
      power: this.powerState,
    };
  }

  set state(state: MachineState) {
    this.hart.state = state.hart;
    for (const [name, device] of this.devices.named) device.state = state.devices[name]!;
    this.made = state.outputsMade;
    if (state.ramSizeBytes > this.hart.ramSizeBytes) this.hart.growRam(state.ramSizeBytes);
    this.clockState = state.clock;
    this.powerState = state.power;
  }

  private loadImage(): void {
    const { description, hart } = this;
    for (const { address, bytes: content, memorySizeBytes } of description.segments) {
      hart.write(address, content);
      hart.clearRam(address + content.length, memorySizeBytes - content.length);
    }
  }

  private startHart(): void {
    const { description, hart } = this;
    for (const address of description.tohost) hart.watch(address);
    for (const { word, value } of description.start) hart.set(word, value);
  }

  /**
   * Back to power-on, except for what the outside counts or must still complete: position, outputs, console bytes, disk
   * operations. RAM keeps its size and content, and the image is loaded again.
   */
  private reset(): void {
    const { typed, disks } = this.devices;
    this.devices = new Devices(this.description);
    this.devices.typed.received = typed.received;
    for (const [index, { device }] of disks.entries()) this.devices.disks[index]!.device.inherit(device);
    this.hart.reset();
    this.powerState = { off: false, reset: false, code: 0 };
    this.loadImage();
    this.startHart();
    this.updateLines();
  }

  private ramOffset(address: number, sizeBytes: number): number | undefined {
    const offset = address - RAM_BASE;
    return offset >= 0 && offset + sizeBytes <= this.hart.ramSizeBytes ? offset : undefined;
  }

  private readClock(): number {
    const ticks = this.derivedTicks ?? this.doors.clock(this.icount);
    this.devices.clint.clockRead(ticks);
    this.devices.rtc.timer(ticks);
    this.stopWhenDue();
    return ticks;
  }

  private drawEntropy(sizeBytes: number): Uint8Array {
    const data = this.doors.entropy(this.icount, sizeBytes);
    this.stopWhenDue();
    return data;
  }

  private noteInteraction(): void {
    this.interactions++;
    this.interactedAt = this.icount;
  }

  private stopWhenDue(): void {
    if (this.isFull || this.stopCondition()) this.hart.stop();
  }

  /** Numbers an output and keeps it for {@link takeOutputs}. */
  private emit(output: DeviceOutput): number {
    switch (output.kind) {
      case 'console':
        this.collector.console(++this.made, output.byte);
        this.pass(1);
        return this.made;
      case 'frame':
        this.collector.frame(++this.made, output.frame);
        this.pass(output.frame.length);
        return this.made;
      case 'disk':
        this.collector.disk(++this.made, output.request);
        this.pass(output.request.operation === 'write' ? output.request.data.length : 0);
        return this.made;
      case 'power':
        this.powerState = {
          off: output.action === 'off',
          reset: output.action === 'reset',
          code: output.code,
        };
        this.hart.stop();
        return 0;
    }
  }

  private pass(sizeBytes: number): void {
    this.passedBytes += sizeBytes;
    this.stopWhenDue();
  }

  /** Drives the hart's interrupt lines from those of the devices. */
  private updateLines(): void {
    const { lines, plic, clint } = this.devices;
    for (const { source, device } of lines)
      if (device.state.interruptRequested) {
        device.state.interruptRequested = false;
        plic.request(source);
      }
    const { hart } = this;
    const level = (interrupt: number, high: boolean) => (high ? 1 << interrupt : 0);
    hart.setLines(
      level(INTERRUPT.MEI, plic.interrupt(M_MODE_CONTEXT)) |
        level(INTERRUPT.SEI, plic.interrupt(S_MODE_CONTEXT)) |
        level(INTERRUPT.MTI, clint.timerInterrupt) |
        level(INTERRUPT.STI, this.supervisorTimerInterrupt) |
        level(INTERRUPT.MSI, clint.softwareInterrupt),
    );
  }

  /** What the hart reaches outside itself. Long: an object with an entry for each. */
  private bus(): Bus {
    const access = <T>(
      address: bigint,
      sizeBytes: number,
      use: (device: Device, offset: number) => T,
    ): T | undefined => {
      const at = Number(address);
      const mapping = this.devices.at(at);
      // Devices take naturally aligned accesses only.
      if (!mapping || at % sizeBytes !== 0) return undefined;
      this.noteInteraction();
      const result = use(mapping.device, at - mapping.base);
      this.updateLines();
      this.stopWhenDue();
      return result;
    };
    return {
      load: (address, sizeBytes) =>
        access(address, sizeBytes, (device, offset) => device.read(offset, sizeBytes, this.context)),
      store: (address, sizeBytes, value) =>
        access(address, sizeBytes, (device, offset) =>
          device.write(offset, sizeBytes, value, this.context),
        ) ?? false,
      clock: () => {
        this.noteInteraction();
        const ticks = this.readClock();
        this.updateLines();
        return this.devices.clint.mtime(ticks);
      },
      entropy: () => {
        this.noteInteraction();
        const [low, high] = this.drawEntropy(2);
        return low! | (high! << 8);
      },
      watched: () => {
        const { htif, uart } = this.devices;
        if (!htif?.written(this.context, () => uart.take())) return;
        this.noteInteraction();
        this.updateLines();
        this.stopWhenDue();
      },
      observed: (address, sizeBytes, access) => {
        if (this.observer?.stopsAt(address, sizeBytes, access)) this.hart.stop();
      },
      timerChanged: () => this.updateLines(),
      ...(this.description.sbi && {
        hostCall: () => {
          this.noteInteraction();
          sbiCall(this.sbi);
          this.updateLines();
          this.stopWhenDue();
        },
      }),
    };
  }
}

const earlier = (a: bigint | undefined, b: bigint | undefined): bigint | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a;
