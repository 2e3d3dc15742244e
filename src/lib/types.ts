/**
 * What the library takes and gives, as types. They are a contract of their own, and name nothing of what is inside: the functions beside
 * them translate, so the compiler finds where the two differ.
 */
import type { DiskVariant, Replication, Tuning, UnsafeRule } from '../ft/rules.ts';

// ── Guests ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A kernel, and what is booted with it. Each is the path of a file. */
export interface Kernel {
  /** A Linux `Image` (gzip or not), a U-Boot image, an ELF, bytes without a header, or a `.s` source. */
  kernel: string;
  /** The initial RAM disk. */
  initrd?: string;
  /** The kernel's command line. */
  append?: string;
  /** Firmware in machine mode; `none`: the kernel itself starts in machine mode. By default the VMM answers its SBI calls. */
  bios?: string;
}

/**
 * Where a guest comes from: the name of a bundled program (`bank`), or the path of a `.s` source, an RV64 ELF, a raw image or
 * a folder with a `guest.json`; RISC-V assembly as text; an ELF or a raw image as bytes; or a kernel. `name` is for messages.
 */
export type GuestSource =
  | string
  | { source: string; name?: string }
  | { image: Uint8Array; name?: string }
  | Kernel;

/** What is said of a guest beside its program. */
export interface GuestOptions {
  /** The size of RAM in bytes, a multiple of 4096 up to 2 GiB; 64 MiB unless it is given. */
  memoryBytes?: number;
  /** Symbols for the assembler. */
  defines?: Readonly<Record<string, number | bigint>>;
  /** Folders in which a source's `.include` is looked for: after its own, before the bundled programs. */
  includeFolders?: readonly string[];
  /** A disk in virtio slot 0: what it holds at first, as bytes or the path of a file; or its size in bytes, and it is empty. */
  disk?: Uint8Array | string | number;
  /** Virtio devices in QEMU's words, such as `virtio-rng-device`; by default those in the program's `NAME.guest.json`. */
  devices?: readonly string[];
  /** What typed bytes go to; the UART unless it is given. */
  console?: 'uart' | 'virtio';
  /** The guest's clock: the world's time, an entry for every look at it; or derived from the steps. `logged` unless it is given. */
  clock?: 'logged' | 'derived';
}

/** A guest that was loaded. It is never changed: it can be run as often as you like. */
export interface Guest {
  /** The name of its file. */
  readonly name: string;
  /** The size of its RAM in bytes. */
  readonly memoryBytes: number;
  /** What is typed at its console where a run says nothing else: the file `NAME.input` beside the program; empty without one. */
  readonly input: Uint8Array;
}

// ── Runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What executes instructions: the interpreter, the translator, or both with their states compared. No result depends on it. */
export type Engine = 'interpreter' | 'translator' | 'check';

/**
 * The cluster and what happens to it. Hosts are named by the role that they boot in: `primary`, `backup`, `backup2`, …, `spare`,
 * `spare2`, … The same specification and guest give the same run to the byte.
 */
export interface RunSpec {
  /** The source of all chance. */
  seed: string;
  /** How many backups protect the VM, up to 3. With 0 it runs alone: one host, no protocol, no faults of others. */
  backups: number;
  /** Hosts with room for another backup, up to 8. */
  spares: number;
  /** How the backups follow: they replay the log, or take over checkpoints. */
  replication: Replication;
  /** Where disk data comes from. */
  disk: DiskVariant;
  /** Simulated clients of a key-value server on UDP port 9000, up to 64. */
  clients: number;
  /** The run is stopped when the guest has taken so many steps. */
  maxSteps: number;
  /** The bandwidth of every link, in bits a second. */
  bitsPerSecond: number;
  /** How fast hosts are, 1 where nothing is said: 100 million steps a second. */
  speeds: Readonly<Record<string, number>>;
  /** The failure domain of hosts; where nothing is said, each is one of its own. */
  domains: Readonly<Record<string, string>>;
  /** What else hosts have to do, 0 where nothing is said: a new backup is made where there is least. */
  loads: Readonly<Record<string, number>>;
  /** Times (ns) and sizes of the protocol that are not the usual ones. */
  tuning: Readonly<Partial<Tuning>>;
  /** Faults and operator's acts, as on the command line: `crash:primary@icount=100000`. `vmft help faults` lists them. */
  faults: readonly string[];
  /** Rules of the protocol that are switched off. */
  unsafe: readonly UnsafeRule[];
}

/** How a guest is run. What is not said of the cluster is as for `vmft run`: one backup, one spare, seed `1`, no faults. */
export interface RunOptions extends Partial<RunSpec> {
  /** What is typed at the console; by default {@link Guest.input}. */
  input?: string | Uint8Array;
  /** The input is typed when the console has shown this text; by default at once. */
  typeAfter?: string;
  /** By default the translator. */
  engine?: Engine;
  /** Is given what the console prints as it reaches the world, each byte once. What it throws ends the run and is thrown by it. */
  onConsole?: (bytes: Uint8Array) => void;
  /** Called with each event as it happens. An error that it throws ends the run and is thrown by it. */
  onEvent?: (event: RunEvent) => void;
  /** Whether {@link Run.events} are kept; true unless it is given. A long run has millions. */
  keepEvents?: boolean;
  /**
   * How much of what the checkers need is kept in memory, in bytes; 256 MiB unless it is given. What is beyond that is lost to
   * {@link Run.console}, `judge` and {@link Run.recording}.
   */
  evidenceBytes?: number;
}

/** How a run ended: the guest switched off; no host was left; `maxSteps`, or nothing left to wait for; the machines differed. */
export type Outcome = 'completed' | 'lost' | 'limit' | 'diverged';

/** One machine goes on where another failed, or handed over. */
export interface Failover {
  from: string;
  to: string;
  /** How far the old primary had come, and where the new one went live, in steps. */
  crashIcount: number;
  liveIcount: number;
  /** From the failure until it was suspected, in milliseconds of virtual time. */
  detectMs: number;
  /** From the failure until the new primary was live. */
  downMs: number;
  /** From the failure to the first new output at the edge; absent when there was none. */
  firstOutputMs?: number;
  /** Outputs that the new primary released and the world had seen already, and dropped. */
  outputsReleasedAgain: number;
}

/** What became of a fault that was asked for: when and where it was injected, or why it was not. */
export type FaultResult =
  | { fault: string; injected: { atNs: number; host?: string; icount?: number }; notTriggered?: never }
  | { fault: string; notTriggered: string; injected?: never };

/** The log as the logging channel carried it; of a run alone, as a recording holds it. */
export interface LogStatistics {
  entries: number;
  entriesByKind: Readonly<Partial<Record<LogEntry['kind'], number>>>;
  /** What the entries take, in bytes. */
  bytes: number;
  /** What the messages around them take, in bytes. */
  channelBytes: number;
}

/** Something that must always hold and did not. */
export interface Violation {
  /** Which rule: docs/architecture.md, "Checkers", says what each means. */
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
}

/** A run that is over. */
export interface Run {
  /** The whole specification, with what was not given. */
  readonly spec: Readonly<RunSpec>;
  readonly outcome: Outcome;
  /** The guest's exit code; undefined unless it completed. */
  readonly exitCode: number | undefined;
  /**
   * What the world saw on the console, each byte once.
   * @throws {OperatingError} when more was printed than `evidenceBytes` has room for
   */
  readonly console: Uint8Array;
  /** The same as UTF-8. */
  readonly consoleText: string;
  /** Steps that the guest took since boot, on the machine that lived last. */
  readonly steps: number;
  /** How long the run took, in nanoseconds of virtual time. */
  readonly virtualNs: number;
  readonly failovers: readonly Failover[];
  /** What became of each fault, in the order of the specification. */
  readonly faults: readonly FaultResult[];
  readonly log: LogStatistics;
  /** What happened, in order; empty with `keepEvents: false`. */
  readonly events: readonly RunEvent[];
  /** The machine that ended the run, or lived last. */
  readonly machine: Machine;
  /**
   * The recording of the machine that lived last, for `replay` or `vmft replay`.
   * @throws {OperatingError} when more came through the doors than `evidenceBytes` has room for
   */
  recording(): Uint8Array;
  /**
   * The run as a sequence diagram: a lane for each host, storage and the world, time downwards. Empty with `keepEvents: false`.
   * @param columns how wide it may be; 112 unless it is given
   */
  diagram(columns?: number): string;
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Who runs the VM in a generation, and who is in sync. */
export interface Members {
  primary: string;
  backups: readonly string[];
}

/** What happened, by its kind. Outputs and log entries are numbered from 1. There may be more kinds in later versions. */
export type EventContent =
  | { kind: 'booted'; role: 'primary' | 'backup' | 'spare' }
  /** The output rule: these outputs wait until this log entry is acknowledged. */
  | { kind: 'held'; first: number; last: number; entry: number }
  | { kind: 'released'; first: number; last: number }
  /** They have reached the world, and are new there. */
  | { kind: 'delivered'; what: 'console' | 'switch'; first: number; last: number }
  /** Log entries went to a backup: their bytes in the log, and those of the message. */
  | { kind: 'sent'; to: string; first: number; last: number; logBytes: number; sizeBytes: number }
  | { kind: 'received'; last: number; consumed: number }
  | { kind: 'acknowledged'; by: string; received: number; consumed: number }
  /** The guest is blocked until there is room. */
  | { kind: 'full'; what: 'log' | 'outputs' }
  | { kind: 'suspected'; host: string; silentNs: number }
  /** Test-and-set on shared storage: asked for, won, or lost. */
  | { kind: 'claimed'; generation: number; members: Members }
  | { kind: 'won'; generation: number; members: Members }
  | { kind: 'lost'; generation: number; to: string }
  | { kind: 'draining'; entries: number; icount: number }
  /** Goes live; so many outputs may have left already, and are released again. */
  | { kind: 'live'; from: string; icount: number; generation: number; pending: number }
  | { kind: 'members'; icount: number; generation: number; members: Members }
  | { kind: 'checked'; icount: number; stateHash: string }
  | { kind: 'diverged'; icount: number; found: string; expected: string | undefined }
  /** Its machine has a state that the primary never had, and is discarded. */
  | { kind: 'void'; why: string }
  | { kind: 'off'; icount: number; code: number }
  | { kind: 'ended' }
  /** Not in the generation that stands: what this host did since is void. */
  | { kind: 'evicted'; generation: number; primary: string }
  | { kind: 'following'; primary: string; entry: number }
  /** A new backup is made, of log entries that are still there or by a copy of the machine. */
  | { kind: 'joining'; host: string; how: 'entries' | 'copy' }
  | { kind: 'copying'; host: string; round: number; pages: number }
  | { kind: 'copied'; host: string; pages: number; sizeBytes: number; icount: number }
  | { kind: 'join-ended'; host: string; why: string }
  | { kind: 'installed'; from: string; icount: number }
  /** Execution lag of a backup. */
  | { kind: 'lag'; steps: number; ns: number }
  /** The share of the processor that the guest gets, so that a backup keeps up. */
  | { kind: 'slowed'; perMille: number }
  | { kind: 'disk-issued'; id: number; again: boolean }
  /** A device has refused or given up something that the guest asked for. */
  | { kind: 'warned'; device: string; icount: number; message: string }
  | { kind: 'switching'; to: string }
  | { kind: 'command'; command: string }
  /** The guest does the same over and over, and nothing can end that. */
  | { kind: 'stuck'; pc: bigint; steps: number; traps: number; cause: number | undefined }
  /** A fault of the specification begins, or is over. */
  | { kind: 'fault'; fault: string; phase: 'begins' | 'ends'; icount: number };

/** Something that happened in a run. */
export type RunEvent = EventContent & {
  /** When, in nanoseconds of virtual time. */
  readonly atNs: number;
  /** The host that it is about; empty for the world around. */
  readonly host: string;
  /** The same in words, as the story of `vmft run` has it. */
  readonly text: string;
};

// ── Machines and recordings ─────────────────────────────────────────────────────────────────────────────────────────

/** A look at a machine: it can be read, and not changed. It shows where the machine stands when it is asked. */
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
   * @throws {OperatingError} when there is none of that name
   */
  register(name: string): bigint;
  /** All of them: `pc`, the registers by their ABI names, `f0` to `f31`, and the words behind the CSRs. */
  registers(): Record<string, bigint>;
  /**
   * A copy of guest memory.
   * @param address physical; RAM begins at 0x80000000
   * @throws {OperatingError} when that is not all in RAM
   */
  memory(address: number | bigint, sizeBytes: number): Uint8Array;
  /**
   * The instruction at an address as assembly text.
   * @param address physical; where the machine stands unless it is given, which is right while paging is off
   * @throws {OperatingError} when that is not in RAM
   */
  instruction(address?: number | bigint): string;
  /** The whole machine as bytes: what `vmft run --save-states` writes, for `diff` here and `vmft diff`. */
  save(): Uint8Array;
}

/** What came through a door of the machine, and at which position. docs/architecture.md, "The doors", explains each. */
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
  /** By default the translator. */
  engine?: Engine;
}

/** A recording, and a machine that goes along it. It stands at the beginning at first. */
export interface Replay {
  /** The name of the program. */
  readonly program: string;
  /** The machine; it shows where the replay stands. */
  readonly machine: Machine;
  /** Where it stands, in steps since boot. */
  readonly icount: number;
  /** The position at which the recording ends, in steps. */
  readonly end: number;
  /** Why the recording can't be read to its end, if it can't; it is good up to {@link end}. */
  readonly damage: string | undefined;
  /** What the guest has printed up to here. */
  readonly console: Uint8Array;
  /** The same as UTF-8. */
  readonly consoleText: string;
  /**
   * Goes to a position, and applies the inputs of that place; backwards by running again from the beginning. Where the recording ends
   * before it, that is how far it goes. What the recording says of outputs and state hashes on the way is compared.
   * @throws {OperatingError} when the machine does not do what the recording says, or `icount` is no position
   */
  seek(icount: number): this;
  /** So many steps on, or back where it is less than 0; no further than the beginning and the end. @throws as {@link seek} */
  step(steps?: number): this;
  /** To the end of the recording. @throws as {@link seek} */
  run(): this;
  /** The entries of the recording, in order. */
  entries(): IterableIterator<LogEntry>;
}

/** Two machines side by side. */
export interface Difference {
  /** Whether they are the same in every bit. */
  equal: boolean;
  /** Every register, whether it differs or not. */
  registers: readonly { name: string; a: bigint; b: bigint; equal: boolean }[];
  /** The devices whose state differs; also `outputs`, `power`, `memory size`. */
  devices: readonly string[];
  /** The physical addresses of the pages of 4096 bytes that differ. */
  pages: readonly number[];
}

/** A machine to compare: a run's or a replay's, or one that was saved, as bytes or as the path of a file. */
export type Comparable = Machine | Run | Replay | Uint8Array | string;
