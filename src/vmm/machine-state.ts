/** The state of a machine as plain data, and how it is written. */
import { bool, type Codec, type RecordCodec, record, u32, uint, type ValueOf } from '../base/codec.ts';
import { hartSchema, MAX_RAM_BYTES, PAGE_BYTES } from '../cpu/layout.ts';
import type { DevicesDescription } from './description.ts';
import { Devices } from './devices.ts';

/** The size of RAM: whole pages, up to the largest. */
const ramSize: Codec<number> = {
  write: (out, value) => out.varint(value / PAGE_BYTES),
  read: (input) => {
    const sizeBytes = input.varint() * PAGE_BYTES;
    return sizeBytes > 0 && sizeBytes <= MAX_RAM_BYTES ? sizeBytes : input.fail(`${sizeBytes} bytes of RAM`);
  },
};

/** What a derived clock showed when it was last set, and where. */
export const clockSchema = record({ ticks: uint, icount: uint });

export const powerSchema = record({ off: bool, reset: bool, code: u32 });

/** The whole state of a machine but its RAM. */
export interface MachineState {
  hart: ValueOf<typeof hartSchema>;
  devices: Record<string, object>;
  /** RAM in bytes: an operator may have added to what the description says. */
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
