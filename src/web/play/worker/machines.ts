/** Machines of a run at one position, as plain data. */
import { OperatingError } from '../../../base/errors.ts';
import type { HostMachine } from '../../../sim/session/host-machine.ts';
import type { Session } from '../../../sim/session/session.ts';
import { isInput } from '../../../vmm/entries.ts';

/** Which machines are looked at, and where. */
export interface MachinesQuery {
  hosts: readonly string[];
  /** A position, in steps since boot, which the first host has reached at the time `atNs`. */
  icount: number;
  atNs: number;
  /** Where the memory that is shown begins; by default at `sp`. A virtual address of the first machine. */
  address?: bigint | undefined;
}

/** A register or CSR; its value in hexadecimal. */
export interface Register {
  name: string;
  value: string;
}

/** One machine. */
export interface MachineState {
  host: string;
  /** The query's position, unless the host has not got there. */
  icount: number;
  stateHash: string;
  /** Inputs that it has had at this position: a machine that waits may get more of them. */
  inputsHere: number;
  registers: Register[];
  csrs: Register[];
  instructions: { address: string; word: string; text: string; isPc: boolean }[];
  memory: { address: bigint; bytes: Uint8Array };
  /** How it contradicts its log, if it does. */
  contradicts: string | undefined;
}

/** A machine, or why there is none. */
export type MachineAnswer = MachineState | { host: string; why: string };

const LINES_BEFORE = 6;
const LINES_AFTER = 9;
/** The size of the memory that is shown. */
export const MEMORY_BYTES = 128;

/** The machines, in parts of some milliseconds. */
export function* machines(session: Session, query: MachinesQuery): Generator<void, MachineAnswer[]> {
  const answers: MachineAnswer[] = [];
  let { address } = query;
  for (const host of query.hosts) {
    try {
      const machine = yield* machineOf(session, host, query);
      address ??= machine.machine.hart.get('x2') & ~15n;
      answers.push(stateOf(machine, address, inputsAt(session, host, machine.icount)));
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      answers.push({ host, why: error.message });
    }
  }
  return answers;
}

/** The machine that the host has at the end of the run, or else the one that it has at the time of the query. */
function* machineOf(
  session: Session,
  host: string,
  { icount, atNs }: MachinesQuery,
): Generator<void, HostMachine> {
  if (!session.isOver) yield* session.seeking('end');
  if (!session.simulation.hosts.get(host)?.replica.vmm) yield* session.seeking({ atNs });
  const machine = session.machineOf(host);
  yield* machine.seeking(icount);
  return machine;
}

function inputsAt({ simulation }: Session, host: string, icount: number): number {
  let count = 0;
  for (const entry of simulation.history(host)) {
    if (entry.icount > icount) break;
    if (entry.icount === icount && isInput(entry)) count++;
  }
  return count;
}

function stateOf(machine: HostMachine, address: bigint, inputsHere: number): MachineState {
  const { host, icount, hash, contradicts } = machine;
  const named = (values: { name: string; value: bigint }[]): Register[] =>
    values.map(({ name, value }) => ({ name, value: hex(value, 16) }));
  return {
    ...{ host, icount, contradicts, inputsHere, stateHash: hex(hash, 16) },
    registers: named(machine.registers()),
    csrs: named(machine.csrs()),
    instructions: machine.disassembly(LINES_BEFORE, LINES_AFTER).map((line) => ({
      address: hex(line.address, 8),
      word: hex(BigInt(line.word), 2 * line.sizeBytes),
      ...{ text: line.text, isPc: line.isPc },
    })),
    memory: { address, bytes: machine.memory(address, MEMORY_BYTES) },
  };
}

const hex = (value: bigint, digits: number): string => value.toString(16).padStart(digits, '0');
