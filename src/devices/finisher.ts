import { record } from '../base/codec.ts';
import type { Device, DeviceContext } from './device.ts';

/** The commands of the finisher register, in its low 16 bits. */
export const FINISHER = { FAIL: 0x3333, PASS: 0x5555, RESET: 0x7777 } as const;

/**
 * The SiFive test finisher ("sifive,test1" in the device tree bindings): one register whose write ends or restarts the
 * machine. The low half of the value is the command, the high half the exit code of FAIL. It reads as zero, and other
 * commands and registers are ignored. Accesses of 2 and 4 bytes, as on QEMU.
 */
export class Finisher implements Device {
  readonly name = 'finisher';
  readonly schema = record<object>({});
  state: object = {};

  read(_offset: number, sizeBytes: number): bigint | undefined {
    return accepts(sizeBytes) ? 0n : undefined;
  }

  write(offset: number, sizeBytes: number, value: bigint, context: DeviceContext): boolean {
    if (!accepts(sizeBytes)) return false;
    if (offset !== 0) return true;
    const command = Number(value & 0xffffn);
    const code = Number((value >> 16n) & 0xffffn);
    if (command === FINISHER.PASS) context.output({ kind: 'power', action: 'off', code: 0 });
    if (command === FINISHER.FAIL) context.output({ kind: 'power', action: 'off', code });
    if (command === FINISHER.RESET) context.output({ kind: 'power', action: 'reset', code: 0 });
    return true;
  }
}

const accepts = (sizeBytes: number): boolean => sizeBytes === 2 || sizeBytes === 4;
