import type { AnyHart } from '../cpu/checked-hart.ts';
import { INTERRUPT } from '../cpu/csrs.ts';
import type { DeviceContext } from '../devices/device.ts';
import type { Uart } from '../devices/uart.ts';
import type { SbiHost } from './sbi.ts';

const SSIP = 1n << BigInt(INTERRUPT.SSI);

/** A machine as SBI calls access it. `uart` is a function because a reset replaces the UART. */
export class MachineSbi implements SbiHost {
  readonly memory: SbiHost['memory'];

  constructor(
    private readonly hart: AnyHart,
    private readonly context: DeviceContext,
    private readonly uart: () => Uart,
    private readonly timerChanged: () => void,
  ) {
    this.memory = context.memory;
  }

  argument(index: number): bigint {
    return this.hart.get(`x${10 + index}`);
  }

  setResult(index: 0 | 1, value: bigint): void {
    this.hart.set(`x${10 + index}`, value);
  }

  setTimer(ticks: bigint): void {
    this.hart.set('stimecmp', ticks);
    this.timerChanged();
  }

  get softwareInterrupt(): boolean {
    return (this.hart.get('mip') & SSIP) !== 0n;
  }

  set softwareInterrupt(pending: boolean) {
    const others = this.hart.get('mip') & ~SSIP;
    this.hart.set('mip', pending ? others | SSIP : others);
  }

  print(byte: number): void {
    this.context.output({ kind: 'console', byte });
  }

  /** Typed bytes wait in the UART, as for a driver. */
  typed(): number | undefined {
    return this.uart().take();
  }

  wait(): void {
    this.hart.set('waiting', 1n);
  }

  power(action: 'off' | 'reset', code: number): void {
    this.context.output({ kind: 'power', action, code });
  }
}
