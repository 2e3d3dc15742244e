/**
 * The Supervisor Binary Interface, version 2.0, implemented by the VMM in place of firmware: a kernel calls it with an
 * `ecall` from supervisor mode. Extensions: Base, TIME, IPI, RFENCE, HSM, SRST, DBCN, and the legacy ones. A call is
 * the effect of one instruction, and a function of the machine's state alone.
 *
 * Source: RISC-V Supervisor Binary Interface Specification 2.0; the chapters are named below.
 */

/** What a call may reach of the machine. There is one hart, number 0. */
export interface SbiHost {
  /** a0 to a7. */
  argument(index: number): bigint;
  /** a0 and a1. */
  setResult(index: 0 | 1, value: bigint): void;
  /** The supervisor's timer is to expire at this tick. */
  setTimer(ticks: bigint): void;
  /** SSIP, the supervisor's software interrupt. */
  softwareInterrupt: boolean;
  /** Guest RAM by physical address; see `GuestMemory`. */
  readonly memory: {
    read(address: number, sizeBytes: number): Uint8Array | undefined;
    write(address: number, bytes: Uint8Array): boolean;
  };
  /** The console prints a byte. */
  print(byte: number): void;
  /** The next typed byte, taken, if there is one. */
  typed(): number | undefined;
  /** What WFI does: from the next instruction on the hart waits for an interrupt. */
  wait(): void;
  power(action: 'off' | 'reset', code: number): void;
}

/** Standard error codes ("Binary Encoding"). */
export const SBI_ERROR = {
  SUCCESS: 0,
  FAILED: -1,
  NOT_SUPPORTED: -2,
  INVALID_PARAM: -3,
  ALREADY_AVAILABLE: -6,
} as const;

/** Extension IDs. */
export const EID = {
  SET_TIMER: 0x00,
  CONSOLE_PUTCHAR: 0x01,
  CONSOLE_GETCHAR: 0x02,
  CLEAR_IPI: 0x03,
  SEND_IPI: 0x04,
  REMOTE_FENCE_I: 0x05,
  REMOTE_SFENCE_VMA: 0x06,
  REMOTE_SFENCE_VMA_ASID: 0x07,
  SHUTDOWN: 0x08,
  BASE: 0x10,
  TIME: 0x5449_4d45,
  IPI: 0x73_5049,
  RFENCE: 0x5246_4e43,
  HSM: 0x48_534d,
  SRST: 0x5352_5354,
  DBCN: 0x4442_434e,
} as const;

/** Version 2.0: the major number from bit 24 on. */
const SPEC_VERSION = 2n << 24n;
/** "vmft" in ASCII, which "SBI Implementation IDs" assigns to no project. */
export const IMPLEMENTATION_ID = 0x766d_6674n;
const IMPLEMENTATION_VERSION = 1n;
/** The most that one call reads or writes at the console; the caller calls again for the rest. */
export const CONSOLE_BYTES = 4096;
/** HSM: "Hart states". */
const STARTED = 0n;
const ALL_HARTS = 2n ** 64n - 1n;
/** HSM: suspend types. The platform has none of its own. */
const SUSPEND = { RETENTIVE: 0, NON_RETENTIVE: 0x8000_0000 } as const;
/** SRST: types and reasons. */
const RESET = { SHUTDOWN: 0, COLD_REBOOT: 1, WARM_REBOOT: 2 } as const;
const REASON = { NONE: 0, SYSTEM_FAILURE: 1 } as const;

/** The result of a call: a value, or an error. */
type Answer = bigint | Exclude<keyof typeof SBI_ERROR, 'SUCCESS'>;
/** One function; it gets a0 to a5. */
type SbiFunction = (host: SbiHost, args: readonly bigint[]) => Answer;

const DONE = 0n;
const low32 = (value: bigint): number => Number(BigInt.asUintN(32, value));

// ── Extensions, their functions in the order of the function IDs ────────────────────────────────────────────────────

/** "Base Extension". The IDs of vendor, architecture and implementation are those of the CSRs: zero. */
const base: readonly SbiFunction[] = [
  () => SPEC_VERSION,
  () => IMPLEMENTATION_ID,
  () => IMPLEMENTATION_VERSION,
  (_, [eid]) => (isAvailable(low32(eid!)) ? 1n : 0n),
  () => 0n,
  () => 0n,
  () => 0n,
];

/** "Timer Extension". */
const time: readonly SbiFunction[] = [
  (host, [ticks]) => {
    host.setTimer(ticks!);
    return DONE;
  },
];

/** Acts on the harts of a mask: a bit vector, and the number of the hart at its bit 0 ("Hart list parameter"). */
const forHarts =
  (act: (host: SbiHost) => void): SbiFunction =>
  (host, [mask, maskBase]) => {
    const every = maskBase === ALL_HARTS;
    // Only hart 0 exists.
    const others = maskBase === 0n ? mask! >> 1n : mask!;
    if (!every && others !== 0n) return 'INVALID_PARAM';
    if (every || mask !== 0n) act(host);
    return DONE;
  };

/** "IPI Extension". */
const interrupt = (host: SbiHost) => {
  host.softwareInterrupt = true;
};

/**
 * "RFENCE Extension": FENCE.I and SFENCE.VMA, without and with an ASID. The functions for the hypervisor extension are
 * missing. No effect: this hart sees every store to its code and to its page tables at once.
 */
const fence = () => {};

/** "Hart State Management Extension". */
const hsm: readonly SbiFunction[] = [
  (_, [hart]) => (hart === 0n ? 'ALREADY_AVAILABLE' : 'INVALID_PARAM'),
  // No other hart could start it again: the only hart does not stop, it shuts down.
  () => 'FAILED',
  (_, [hart]) => (hart === 0n ? STARTED : 'INVALID_PARAM'),
  (host, [type]) => {
    if (low32(type!) === SUSPEND.NON_RETENTIVE) return 'NOT_SUPPORTED';
    if (low32(type!) !== SUSPEND.RETENTIVE) return 'INVALID_PARAM';
    host.wait();
    return DONE;
  },
];

/** "System Reset Extension". A failure gives the exit code 1. */
const srst: readonly SbiFunction[] = [
  (host, [type, why]) => {
    const [action, reason] = [low32(type!), low32(why!)];
    if (reason !== REASON.NONE && reason !== REASON.SYSTEM_FAILURE) return 'INVALID_PARAM';
    if (action === RESET.SHUTDOWN) host.power('off', reason);
    else if (action === RESET.COLD_REBOOT || action === RESET.WARM_REBOOT) host.power('reset', 0);
    else return 'INVALID_PARAM';
    return DONE;
  },
];

/**
 * The memory that a0 to a2 name: the number of bytes, and their address. Undefined unless all of it is RAM; cut to the
 * first {@link CONSOLE_BYTES}.
 */
function consoleMemory(
  { memory }: SbiHost,
  [sizeBytes, low, high]: readonly bigint[],
): { address: number; sizeBytes: number } | undefined {
  const address = (high! << 64n) | low!;
  const isRam = (at: bigint) => memory.read(Number(at), 1) !== undefined;
  if (sizeBytes! > 0n && !(isRam(address) && isRam(address + sizeBytes! - 1n))) return undefined;
  return { address: Number(address), sizeBytes: Math.min(Number(sizeBytes), CONSOLE_BYTES) };
}

/** "Debug Console Extension": write, read, write a byte. */
const dbcn: readonly SbiFunction[] = [
  (host, args) => {
    const place = consoleMemory(host, args);
    if (!place) return 'INVALID_PARAM';
    if (place.sizeBytes > 0)
      for (const byte of host.memory.read(place.address, place.sizeBytes)!) host.print(byte);
    return BigInt(place.sizeBytes);
  },
  (host, args) => {
    const place = consoleMemory(host, args);
    if (!place) return 'INVALID_PARAM';
    const bytes: number[] = [];
    while (bytes.length < place.sizeBytes) {
      const byte = host.typed();
      if (byte === undefined) break;
      bytes.push(byte);
    }
    if (bytes.length > 0) host.memory.write(place.address, Uint8Array.from(bytes));
    return BigInt(bytes.length);
  },
  (host, [byte]) => {
    host.print(Number(byte! & 0xffn));
    return DONE;
  },
];

const extensions: ReadonlyMap<number, readonly SbiFunction[]> = new Map([
  [EID.BASE, base],
  [EID.TIME, time],
  [EID.IPI, [forHarts(interrupt)]],
  [EID.RFENCE, [forHarts(fence), forHarts(fence), forHarts(fence)]],
  [EID.HSM, hsm],
  [EID.SRST, srst],
  [EID.DBCN, dbcn],
]);

/** Performs an action and returns success. */
const done =
  (act: (host: SbiHost, argument: bigint) => void): LegacyFunction =>
  (host, argument) => {
    act(host, argument);
    return DONE;
  };

/** Gets a0, and returns its new value. */
type LegacyFunction = (host: SbiHost, argument: bigint) => bigint;

/**
 * "Legacy Extensions": no function IDs, and a result in a0 alone. The hart masks, which are pointers to virtual memory,
 * are ignored: there is one hart.
 */
const legacy: ReadonlyMap<number, LegacyFunction> = new Map<number, LegacyFunction>([
  [EID.SET_TIMER, done((host, ticks) => host.setTimer(ticks))],
  [EID.CONSOLE_PUTCHAR, done((host, byte) => host.print(Number(byte & 0xffn)))],
  [EID.CONSOLE_GETCHAR, (host) => BigInt(host.typed() ?? -1)],
  [
    EID.CLEAR_IPI,
    (host) => {
      const pending = host.softwareInterrupt;
      host.softwareInterrupt = false;
      return pending ? 1n : 0n;
    },
  ],
  [EID.SEND_IPI, done(interrupt)],
  [EID.REMOTE_FENCE_I, done(fence)],
  [EID.REMOTE_SFENCE_VMA, done(fence)],
  [EID.REMOTE_SFENCE_VMA_ASID, done(fence)],
  [EID.SHUTDOWN, done((host) => host.power('off', 0))],
]);

// ── Calls ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const isAvailable = (eid: number): boolean => extensions.has(eid) || legacy.has(eid);

/** Executes one call: reads the argument registers, and sets a0 and a1. */
export function sbiCall(host: SbiHost): void {
  const args = [0, 1, 2, 3, 4, 5].map((index) => host.argument(index));
  // IDs are 32 bits wide.
  const [eid, fid] = [low32(host.argument(7)), low32(host.argument(6))];
  const old = legacy.get(eid);
  if (old) {
    host.setResult(0, BigInt.asUintN(64, old(host, args[0]!)));
    return;
  }
  const answer = extensions.get(eid)?.[fid]?.(host, args) ?? 'NOT_SUPPORTED';
  const failed = typeof answer === 'string';
  host.setResult(0, BigInt.asUintN(64, BigInt(failed ? SBI_ERROR[answer] : SBI_ERROR.SUCCESS)));
  host.setResult(1, failed ? 0n : answer);
}
