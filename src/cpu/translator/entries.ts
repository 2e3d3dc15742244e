/** Look-ups of generated code in the tables that are indexed by the address of an instruction. */
import { ENTRY_BYTES, ENTRY_COUNT, HEAT_COUNT, TARGET_BYTES, TARGET_COUNT } from '../layout.ts';
import type { Body } from '../wasm/module.ts';

/** Pushes the offset of a table's entry for the address in a local. Addresses are even. */
function placeOf(body: Body, pc: number, count: number, sizeBytes: number): void {
  body
    .get(pc)
    .op('i32.wrap_i64')
    .i32(Math.log2(sizeBytes) - 1)
    .op('i32.shl')
    .i32((count - 1) * sizeBytes)
    .op('i32.and');
}

/** The entry of translated code. */
export const entryAt = (body: Body, pc: number): void => placeOf(body, pc, ENTRY_COUNT, ENTRY_BYTES);

/** The last targets of an indirect jump. */
export const targetsAt = (body: Body, pc: number): void => placeOf(body, pc, TARGET_COUNT, TARGET_BYTES);

/** The count of jumps to an address. */
export const heatAt = (body: Body, pc: number): void => placeOf(body, pc, HEAT_COUNT, 4);
