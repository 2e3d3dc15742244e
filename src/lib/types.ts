/**
 * The types of the library's arguments and results. They are independent of the internal types: the functions convert
 * between them, and the compiler reports where the two differ.
 */
import type { DiskVariant, Replication, Tuning, UnsafeRule } from '../ft/rules.ts';

// ── Guests ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A kernel and what is booted with it: paths of files, and the command line. */
export interface Kernel {
  /** A Linux `Image` (gzip or not), a U-Boot image, an ELF, bytes without a header, or a `.s` source. */
  kernel: string;
  /** The initial RAM disk. */
  initrd?: string;
  /** The kernel's command line. */
  append?: string;
  /**
   * Firmware in machine mode; `none`: the kernel itself starts in machine mode. By default the VMM answers its SBI
   * calls.
   */
  bios?: string;
}

/**
 * A guest: the name of a bundled program (`bank`); the path of a `.s` source, an RV64 ELF, a raw image or a folder with
 * a `guest.json`; RISC-V assembly as text; an ELF or a raw image as bytes; or a kernel. `name` is for messages.
 */
export type GuestSource =
  | string
  | { source: string; name?: string }
  | { image: Uint8Array; name?: string }
  | Kernel;

/** The machine of a guest. */
export interface GuestOptions {
  /** The size of RAM in bytes, a multiple of 4096 up to 2 GiB; by default 64 MiB. */
  memoryBytes?: number;
  /** Symbols for the assembler. */
  defines?: Readonly<Record<string, number | bigint>>;
  /** Folders where a source's `.include` is searched for: after its own folder, before the bundled programs. */
  includeFolders?: readonly string[];
  /** A disk in virtio slot 0: its initial content, as bytes or a file's path; or the size in bytes of an empty one. */
  disk?: Uint8Array | string | number;
  /** Virtio devices as for QEMU, such as `virtio-rng-device`; by default those in the program's `NAME.guest.json`. */
  devices?: readonly string[];
  /** The device that receives typed bytes; by default the UART. */
  console?: 'uart' | 'virtio';
  /** The guest's clock: the host's time, of which each read is logged, or derived from the steps; by default `logged`. */
  clock?: 'logged' | 'derived';
}

/** A loaded guest. A run does not change it, so it can be run any number of times. */
export interface Guest {
  /** The name of its file. */
  readonly name: string;
  /** The size of its RAM in bytes. */
  readonly memoryBytes: number;
  /** The default console input: the file `NAME.input` beside the program; empty without one. */
  readonly input: Uint8Array;
}

// ── Runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * How instructions are executed: by the interpreter, by the translator, or by both with their states compared. No
 * result depends on it.
 */
export type Engine = 'interpreter' | 'translator' | 'check';

/**
 * The cluster and its faults. Hosts are named by the role that they boot in: `primary`, `backup`, `backup2`, …,
 * `spare`, `spare2`, … The same specification and guest give the same run to the byte.
 */
export interface RunSpec {
  /** The seed of all random numbers. */
  seed: string;
  /** The number of backups, up to 3. 0: no fault tolerance, one host and no protocol. */
  backups: number;
  /** The number of spares, hosts with room for another backup, up to 8. */
  spares: number;
  /** How the backups follow: they replay the log, or receive checkpoints. */
  replication: Replication;
  /** Where disk data comes from. */
  disk: DiskVariant;
  /** Simulated clients of a key-value server on UDP port 9000, up to 64. */
  clients: number;
  /** The number of steps of the guest at which the run is stopped. */
  maxSteps: number;
  /** The speed of every link, in bits per second. */
  bitsPerSecond: number;
  /** The speeds of hosts, by default 1: 100 million steps per second. */
  speeds: Readonly<Record<string, number>>;
  /** The failure domains of hosts; by default each host is one of its own. */
  domains: Readonly<Record<string, string>>;
  /** The other loads of hosts, by default 0: the spare with the least becomes the new backup. */
  loads: Readonly<Record<string, number>>;
  /** Times (in ns) and sizes of the protocol that differ from the defaults. */
  tuning: Readonly<Partial<Tuning>>;
  /** Faults and operator's commands, as on the command line: `crash:primary@icount=100000`; see `vmft help faults`. */
  faults: readonly string[];
  /** Rules of the protocol that are switched off. */
  unsafe: readonly UnsafeRule[];
}

/** How a guest is run. The cluster's defaults are those of `vmft run`: one backup, one spare, seed `1`, no faults. */
export interface RunOptions extends Partial<RunSpec> {
  /** The console input; by default {@link Guest.input}. */
  input?: string | Uint8Array;
  /** The input is typed when the console has shown this text; by default at once. */
  typeAfter?: string;
  /** By default `translator`. */
  engine?: Engine;
  /** Called with released console output, each byte once. An error that it throws ends the run, and `run` throws it. */
  onConsole?: (bytes: Uint8Array) => void;
  /** Called with each event as it happens. An error that it throws ends the run, and `run` throws it. */
  onEvent?: (event: RunEvent) => void;
  /** Whether {@link Run.events} are kept; by default true. A long run has millions. */
  keepEvents?: boolean;
  /**
   * The limit of the memory for evidence, in bytes; by default 256 MiB. When a run exceeds it, {@link Run.console},
   * {@link Run.recording} and `judge` throw.
   */
  evidenceBytes?: number;
}

/**
 * How a run ended. `completed`: the guest switched off. `lost`: no eligible replica was left. `limit`: `maxSteps` was
 * reached, or the guest waits for input that will not come. `diverged`: the machines differed.
 */
export type Outcome = 'completed' | 'lost' | 'limit' | 'diverged';

/** One replica goes live in place of another: after a failure, or by a switch-over. */
export interface Failover {
  from: string;
  to: string;
  /** The position of the old primary's machine, and that at which the new one went live, in steps. */
  crashIcount: number;
  liveIcount: number;
  /** From the failure until it was suspected, in milliseconds of virtual time. */
  detectMs: number;
  /** From the failure until the new primary was live. */
  downMs: number;
  /** From the failure to the delivery of the first new output; absent if there was none. */
  firstOutputMs?: number;
  /** The number of outputs that were released again after they had been delivered; the edge drops them. */
  outputsReleasedAgain: number;
}

/** The outcome of a fault: when and where it was injected, or why it was not triggered. */
export type FaultResult =
  | { fault: string; injected: { atNs: number; host?: string; icount?: number }; notTriggered?: never }
  | { fault: string; notTriggered: string; injected?: never };

/** The log as the channel carried it; without backups, as a recording would contain it. */
export interface LogStatistics {
  entries: number;
  entriesByKind: Readonly<Partial<Record<LogEntry['kind'], number>>>;
  /** The size of the encoded entries. */
  bytes: number;
  /** The size of the messages with the entries. */
  channelBytes: number;
}

/** An invariant that did not hold. */
export interface Violation {
  /** The name of its checker; docs/architecture.md, "Checkers", says what each catches. */
  invariant:
    | 'output-rule'
    | 'one-live'
    | 'same-machine'
    | 'outputs-covered'
    | 'input-once'
    | 'disk-covered'
    | 'acknowledged-requests'
    | 'linearizable'
    | 'lag-bound'
    | 'guest-clock'
    | 'service';
  message: string;
  /** The number of the output that shows it, if one does. */
  output?: number;
}

/** A finished run. */
export interface Run {
  /** The complete specification, with defaults. */
  readonly spec: Readonly<RunSpec>;
  readonly outcome: Outcome;
  /** The guest's exit code; undefined unless it completed. */
  readonly exitCode: number | undefined;
  /**
   * The console output that was delivered, each byte once.
   * @throws {OperatingError} if the run exceeded `evidenceBytes`
   */
  readonly console: Uint8Array;
  /** The same as UTF-8. */
  readonly consoleText: string;
  /** The steps that the guest has taken since boot, on the machine that was live last. */
  readonly steps: number;
  /** The length of the run, in nanoseconds of virtual time. */
  readonly virtualNs: number;
  readonly failovers: readonly Failover[];
  /** The outcome of each fault, in the order of the specification. */
  readonly faults: readonly FaultResult[];
  readonly log: LogStatistics;
  /** The events in order; empty with `keepEvents: false`. */
  readonly events: readonly RunEvent[];
  /** The machine that was live last. */
  readonly machine: Machine;
  /**
   * The recording of the machine that was live last, from boot on, for `replay` or `vmft replay`.
   * @throws {OperatingError} if the run exceeded `evidenceBytes`
   */
  recording(): Uint8Array;
  /**
   * The run as a sequence diagram: a lane for each host, for storage and for the edge; time runs downwards. Empty with
   * `keepEvents: false`.
   * @param columns the width, by default 112; many hosts need more
   */
  diagram(columns?: number): string;
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The members of a generation: its primary, and the backups in sync. */
export interface Members {
  primary: string;
  backups: readonly string[];
}

/** An event by its kind. Outputs and log entries are numbered from 1. Later versions may have more kinds. */
export type EventContent =
  | { kind: 'booted'; role: 'primary' | 'backup' | 'spare' }
  /** The output rule: these outputs wait until this log entry is acknowledged. */
  | { kind: 'held'; first: number; last: number; entry: number }
  | { kind: 'released'; first: number; last: number }
  /** New outputs have reached the edge. */
  | { kind: 'delivered'; what: 'console' | 'switch'; first: number; last: number }
  /** Log entries were sent to a backup: their size in the log, and that of the message, in bytes. */
  | { kind: 'sent'; to: string; first: number; last: number; logBytes: number; sizeBytes: number }
  | { kind: 'received'; last: number; consumed: number }
  | { kind: 'acknowledged'; by: string; received: number; consumed: number }
  /** A buffer is full, and the guest is blocked until it has room. */
  | { kind: 'full'; what: 'log' | 'outputs' }
  /** `heard`: the silence began with a message. `closed`: the reason is a closed connection, not the silence. */
  | { kind: 'suspected'; host: string; silentNs: number; heard: boolean; closed: boolean }
  /** Test-and-set on shared storage: requested, won, or lost. */
  | { kind: 'claimed'; generation: number; members: Members }
  | { kind: 'won'; generation: number; members: Members }
  | { kind: 'lost'; generation: number; to: string }
  | { kind: 'draining'; entries: number; icount: number }
  /** Goes live; `pending`: the number of outputs that may have been delivered, and are released again. */
  | { kind: 'live'; from: string; icount: number; generation: number; pending: number }
  | { kind: 'members'; icount: number; generation: number; members: Members }
  | { kind: 'checked'; icount: number; stateHash: string }
  | {
      kind: 'diverged';
      icount: number;
      pc: bigint | undefined;
      found: string;
      expected: string | undefined;
    }
  /** Its machine has a state that the primary never had, and is discarded. */
  | { kind: 'void'; why: string }
  | { kind: 'off'; icount: number; code: number }
  | { kind: 'ended' }
  /** No member of the current generation: what this host has done since is void. */
  | { kind: 'evicted'; generation: number; primary: string }
  | { kind: 'following'; primary: string; entry: number }
  /** Re-protection: a new backup is brought in sync, by log entries that are still kept or by a copy of the machine. */
  | { kind: 'joining'; host: string; how: 'entries' | 'copy' }
  | { kind: 'copying'; host: string; round: number; pages: number }
  | { kind: 'copied'; host: string; pages: number; sizeBytes: number; icount: number }
  | { kind: 'join-ended'; host: string; why: string }
  | { kind: 'installed'; from: string; icount: number }
  /** Execution lag of a backup. */
  | { kind: 'lag'; steps: number; ns: number }
  /** The guest's share of the processor, in thousandths: it is reduced so that a backup keeps up. */
  | { kind: 'slowed'; perMille: number }
  | { kind: 'disk-issued'; id: number; again: boolean }
  /** A device has rejected or aborted a request of the guest. */
  | { kind: 'warned'; device: string; icount: number; message: string }
  | { kind: 'switching'; to: string }
  | { kind: 'command'; command: string }
  /**
   * The guest is stuck. `trap`: it takes an exception again and again, at `pc`, with this `cause` and `tval`; `loop`: its
   * registers and memory repeat, and no interrupt can reach it; `wait`: it is in a WFI, and no interrupt that it has
   * enabled can come. `steps` and `traps`: since step `since`.
   */
  | {
      kind: 'stuck';
      how: 'trap' | 'loop' | 'wait';
      pc: bigint;
      since: number;
      steps: number;
      traps: number;
      cause: number | undefined;
      tval: bigint | undefined;
    }
  /** A fault begins or ends. */
  | { kind: 'fault'; fault: string; phase: 'begins' | 'ends'; icount: number };

/** An event of a run. */
export type RunEvent = EventContent & {
  /** When, in nanoseconds of virtual time. */
  readonly atNs: number;
  /** The host of the event; empty for links, storage and the edge. */
  readonly host: string;
  /** The same in words, as `vmft run` prints it. */
  readonly text: string;
};

// ── Machines and recordings ─────────────────────────────────────────────────────────────────────────────────────────

/** A read-only view of a machine. It shows the current state: of a replay, at its current position. */
export interface Machine {
  /** Its position, in steps since boot. */
  readonly icount: number;
  readonly pc: bigint;
  /** Whether the guest has switched off. */
  readonly isOff: boolean;
  /** The hash of the whole state, 16 hexadecimal digits. Equal machines at equal positions have equal hashes. */
  readonly stateHash: string;
  /**
   * A register, as 64 unsigned bits: `a0` or `x10`, `fa0` or `f10`, `pc`, or a CSR such as `mstatus`.
   * @throws {OperatingError} if there is none of that name
   */
  register(name: string): bigint;
  /** All registers: `pc`, the integer registers by their ABI names, `f0` to `f31`, and the state of the CSRs. */
  registers(): Record<string, bigint>;
  /**
   * A copy of guest memory.
   * @param address physical; RAM begins at 0x80000000
   * @throws {OperatingError} if a part of it is not in RAM
   */
  memory(address: number | bigint, sizeBytes: number): Uint8Array;
  /**
   * The instruction at an address as assembly text.
   * @param address physical; by default `pc`, which is a physical address while paging is off
   * @throws {OperatingError} if the address is not in RAM
   */
  instruction(address?: number | bigint): string;
  /** The machine as a snapshot file, as `vmft run --save-states` writes it, for `diff` and `vmft diff`. */
  save(): Uint8Array;
}

/** A log entry: an input through a door, or a marker. docs/architecture.md, "The doors", explains each. */
export type LogEntry = { icount: number } & (
  | { kind: 'clock'; ticks: number }
  | { kind: 'entropy'; data: Uint8Array }
  | { kind: 'timer'; ticks: number }
  | { kind: 'console'; data: Uint8Array }
  | { kind: 'net'; frame: Uint8Array }
  | { kind: 'control'; action: string; value: number }
  | { kind: 'output'; made: number }
  | { kind: 'progress' }
  | { kind: 'check'; hash: bigint }
  | { kind: 'disk'; id: number; status: number; data?: Uint8Array | undefined }
  | { kind: 'checkpoint'; delta: Uint8Array }
);

/** How a recording is replayed. */
export interface ReplayOptions {
  /** By default `translator`. */
  engine?: Engine;
}

/** A recording and a machine that replays it, first at position 0. */
export interface Replay {
  /** The name of the program. */
  readonly program: string;
  /** The machine at the current position. */
  readonly machine: Machine;
  /** The current position, in steps since boot. */
  readonly icount: number;
  /** The position at which the recording ends, in steps. */
  readonly end: number;
  /** Why the rest of a damaged recording cannot be read; it can be replayed up to {@link end}. */
  readonly damage: string | undefined;
  /** The console output up to the current position. */
  readonly console: Uint8Array;
  /** The same as UTF-8. */
  readonly consoleText: string;
  /**
   * Goes to a position, or to the end if that comes first, and applies the inputs of that position. To go back, it
   * replays from boot. Outputs and state hashes on the way are compared with the recording.
   * @throws {OperatingError} if the replay diverges from the recording, or `icount` is no position
   */
  seek(icount: number): this;
  /** Goes this many steps on, by default 1; back if negative; at most to the end or to boot. @throws as {@link seek} */
  step(steps?: number): this;
  /** Goes to the end of the recording. @throws as {@link seek} */
  run(): this;
  /** The entries of the recording, in order. */
  entries(): IterableIterator<LogEntry>;
}

/** The comparison of two machines. */
export interface Difference {
  /** Whether they are equal in every bit. */
  equal: boolean;
  /** All registers, equal ones included. */
  registers: readonly { name: string; a: bigint; b: bigint; equal: boolean }[];
  /** The devices whose state differs; also `outputs`, `memory size`, `clock`, `power`. */
  devices: readonly string[];
  /** The physical addresses of the pages of 4096 bytes that differ. */
  pages: readonly number[];
}

/** A machine to compare: that of a run or a replay, or a snapshot file, as bytes or by its path. */
export type Comparable = Machine | Run | Replay | Uint8Array | string;
