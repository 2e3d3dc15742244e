/** The state of a machine as plain data, and its encoding. */
import { bool, type Codec, type RecordCodec, record, u32, uint, type ValueOf } from '../base/codec.ts';
import { hartSchema, MAX_RAM_BYTES, PAGE_BYTES } from '../cpu/layout.ts';
import type { DevicesDescription } from './description.ts';
import { Devices } from './devices.ts';

/** The size of RAM in bytes: whole pages, up to {@link MAX_RAM_BYTES}. */
const ramSize: Codec<number> = {
  write: (out, value) => out.varint(value / PAGE_BYTES),
  read: (input) => {
    const sizeBytes = input.varint() * PAGE_BYTES;
    return sizeBytes > 0 && sizeBytes <= MAX_RAM_BYTES ? sizeBytes : input.fail(`${sizeBytes} bytes of RAM`);
  },
};

/** When a derived clock was last set: its time, and the position. */
export const clockSchema = record({ ticks: uint, icount: uint });

/** Whether the machine is off, whether a reset is requested, and the exit code. */
export const powerSchema = record({ off: bool, reset: bool, code: u32 });

/** The state of a machine without its RAM. */
export interface MachineState {
  hart: ValueOf<typeof hartSchema>;
  devices: Record<string, object>;
  /** The size of RAM in bytes: the operator may have added to that of the description. */
  ramSizeBytes: number;
  /** Outputs made since boot. */
  outputsMade: number;
  clock: ValueOf<typeof clockSchema>;
  power: ValueOf<typeof powerSchema>;
}

/** Every field of the state of a machine with this description, by name. */
export function machineSchema(description: DevicesDescription): RecordCodec<MachineState> {
  const { named } = new Devices(description);
  return record<MachineState>({
    hart: hartSchema,
    devices: record(Object.fromEntries(named.map(([name, { schema }]) => [name, schema]))) as RecordCodec<
      Record<string, object>
    >,
    ramSizeBytes: ramSize,
    outputsMade: uint,
    clock: clockSchema,
    power: powerSchema,
  });
}
