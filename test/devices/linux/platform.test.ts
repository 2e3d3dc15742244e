/**
 * The devices of the platform as driven by Linux 6.12: 8250_port.c, irq-sifive-plic.c, syscon-poweroff.c and regmap.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import { FINISHER, Finisher } from '../../../src/devices/finisher.ts';
import { PLIC, Plic } from '../../../src/devices/plic.ts';
import { FCR, IER, IIR, LCR, LSR, MCR, MSR, UART, Uart } from '../../../src/devices/uart.ts';
import { World } from '../../../tools/testing/devices/world.ts';

/** Bits that only other chips have. */
const OTHERS = { FCR_64_BYTES: 0x20, IER_UUE: 0x40, LCR_MODE_B: 0xbf, LCR_BANK_2: 0xe0, LCR_8N1: 0x03 };
const TRIGGER_8 = 0x80;

class Port {
  readonly uart = new Uart();
  readonly world = new World();

  in(register: number): number {
    return Number(this.uart.read(register, 1));
  }
  out(register: number, value: number): void {
    this.uart.write(register, 1, BigInt(value), this.world);
  }
  get sent(): number[] {
    return this.world.outputs.flatMap((output) => (output.kind === 'console' ? output.byte : []));
  }
  clearFifos(): void {
    this.out(UART.FCR, FCR.ENABLE_FIFO);
    this.out(UART.FCR, FCR.ENABLE_FIFO | FCR.CLEAR_RCVR | 4);
    this.out(UART.FCR, 0);
  }
  clearInterrupts(): void {
    for (const register of [UART.LSR, UART.RBR, UART.IIR, UART.MSR]) this.in(register);
  }
}

/** How large the receive FIFO is: so many of 256 bytes come back in loopback mode. */
function fifoBytes(port: Port): number {
  port.out(UART.LCR, 0);
  const fcr = port.in(UART.IIR);
  const mcr = port.in(UART.MCR);
  port.out(UART.FCR, FCR.ENABLE_FIFO | FCR.CLEAR_RCVR | 4);
  port.out(UART.MCR, MCR.LOOP);
  port.out(UART.LCR, LCR.DLAB);
  const divisor = [port.in(UART.DLL), port.in(UART.DLM)];
  port.out(UART.DLL, 1);
  port.out(UART.DLM, 0);
  port.out(UART.LCR, OTHERS.LCR_8N1);
  for (let i = 0; i < 256; i++) port.out(UART.THR, i);
  let count = 0;
  for (; port.in(UART.LSR) & LSR.DR && count < 256; count++) port.in(UART.RBR);
  port.out(UART.FCR, fcr);
  port.out(UART.MCR, mcr);
  port.out(UART.LCR, LCR.DLAB);
  port.out(UART.DLL, divisor[0]!);
  port.out(UART.DLM, divisor[1]!);
  return count;
}

describe('the 8250 driver', () => {
  test('detects a port, as a 16550A and no other chip', () => {
    const port = new Port();
    port.out(UART.IER, 0);
    expect(port.in(UART.IER) & 15).toBe(0);
    port.out(UART.IER, 15);
    expect(port.in(UART.IER) & 15).toBe(15);
    port.out(UART.IER, 0);
    port.out(UART.MCR, MCR.LOOP | MCR.OUT2 | MCR.RTS);
    expect(port.in(UART.MSR) & 0xf0).toBe(MSR.DCD | MSR.CTS);
    port.out(UART.MCR, 0);
    // The extended features register of others lies where FCR and IIR are; writing zero to it must do no harm.
    port.out(UART.LCR, OTHERS.LCR_MODE_B);
    port.out(UART.FCR, 0);
    port.out(UART.LCR, 0);
    port.out(UART.FCR, FCR.ENABLE_FIFO);
    expect(port.in(UART.IIR) & IIR.FIFO).toBe(IIR.FIFO);
    for (const mode of [LCR.DLAB, OTHERS.LCR_MODE_B]) {
      port.out(UART.LCR, mode);
      expect(port.in(UART.IIR)).not.toBe(0);
    }
    // National's super I/O chips show LOOP in bank 2: here it still reads as IIR.
    const bank2 = () => {
      port.out(UART.LCR, OTHERS.LCR_BANK_2);
      const value = port.in(UART.IIR);
      port.out(UART.LCR, 0);
      return value & MCR.LOOP;
    };
    expect(bank2()).toBe(0);
    port.out(UART.MCR, MCR.LOOP);
    expect(bank2()).toBe(0);
    port.out(UART.MCR, 0);
    // A TI16750 shows in bit 5 of IIR that its 64 bytes are on, with DLAB.
    for (const lcr of [0, LCR.DLAB]) {
      port.out(UART.LCR, lcr);
      port.out(UART.FCR, FCR.ENABLE_FIFO | OTHERS.FCR_64_BYTES);
      expect(port.in(UART.IIR) >> 5).toBe(6);
      port.out(UART.FCR, FCR.ENABLE_FIFO);
    }
    port.out(UART.LCR, 0);
    port.out(UART.IER, OTHERS.IER_UUE);
    expect(port.in(UART.IER)).toBe(0);
    expect(fifoBytes(port)).toBe(16);
    port.out(UART.LCR, 0);
    expect([port.sent, port.in(UART.LSR)]).toEqual([[], LSR.THRE | LSR.TEMT]);
  });

  /** Opens the port; returns the workarounds that the driver needs. */
  const startup = (port: Port): string[] => {
    const bugs: string[] = [];
    port.clearFifos();
    port.clearInterrupts();
    if (port.in(UART.LSR) === 0xff) bugs.push('no port');
    const noInterrupt = () => {
      port.out(UART.IER, IER.THRI);
      port.in(UART.LCR);
      const iir = port.in(UART.IIR);
      port.out(UART.IER, 0);
      return (iir & IIR.NO_INT) !== 0;
    };
    const [first, again] = [noInterrupt(), noInterrupt()];
    if (!first && again) bugs.push('THRE is not raised again');
    port.out(UART.LCR, OTHERS.LCR_8N1);
    port.out(UART.MCR, MCR.OUT2);
    port.out(UART.IER, IER.THRI);
    const [lsr, iir] = [port.in(UART.LSR), port.in(UART.IIR)];
    port.out(UART.IER, 0);
    if (lsr & LSR.TEMT && iir & IIR.NO_INT) bugs.push('no interrupt when the transmitter is idle');
    port.clearInterrupts();
    // set_termios
    port.out(UART.IER, IER.RLSI | IER.RDI);
    port.out(UART.LCR, OTHERS.LCR_8N1 | LCR.DLAB);
    port.out(UART.DLL, 1);
    port.out(UART.DLM, 0);
    port.out(UART.LCR, OTHERS.LCR_8N1);
    port.out(UART.FCR, FCR.ENABLE_FIFO);
    port.out(UART.FCR, FCR.ENABLE_FIFO | TRIGGER_8);
    port.out(UART.MCR, MCR.OUT2 | MCR.DTR | MCR.RTS);
    return bugs;
  };

  test('opens the port without switching on any of its workarounds', () => {
    const port = new Port();
    expect(startup(port)).toEqual([]);
    port.uart.receive(Uint8Array.of(1));
    expect(startup(port)).toEqual([]);
  });

  test('sends and receives everything by interrupts alone', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const random = new Random(seed);
        const port = new Port();
        startup(port);
        let ier: number = IER.RLSI | IER.RDI;
        const queue: number[] = [];
        const [written, typed, read]: number[][] = [[], [], []];
        const stopSending = () => {
          ier &= ~IER.THRI;
          port.out(UART.IER, ier);
        };
        const handle = () => {
          const iir = port.in(UART.IIR);
          if (iir & IIR.NO_INT) return;
          let lsr = port.in(UART.LSR);
          for (; lsr & LSR.DR; lsr = port.in(UART.LSR)) read!.push(port.in(UART.RBR));
          port.in(UART.MSR);
          if ((lsr & LSR.THRE) === 0 || (ier & IER.THRI) === 0) return;
          for (const byte of queue.splice(0, 16)) port.out(UART.THR, byte);
          if (queue.length === 0) stopSending();
        };
        const write = (bytes: Uint8Array) => {
          written!.push(...bytes);
          queue.push(...bytes);
          ier |= IER.THRI;
          port.out(UART.IER, ier);
        };
        // A kernel message goes out between them by polling.
        const message = (byte: number) => {
          port.out(UART.IER, 0);
          expect(port.in(UART.LSR) & (LSR.THRE | LSR.TEMT)).toBe(LSR.THRE | LSR.TEMT);
          port.out(UART.THR, byte);
          port.out(UART.IER, ier);
        };
        let messages = 0;
        for (let turn = 0; turn < 60; turn++) {
          if (random.chance(0.3)) write(random.bytes(1 + random.below(40)).map((byte) => byte & 0x7f));
          if (random.chance(0.5)) {
            const bytes = random.bytes(random.below(30));
            typed!.push(...bytes.subarray(0, port.uart.receive(bytes)));
          }
          if (random.chance(0.1)) {
            message(0xff);
            messages++;
          }
          if (port.uart.interrupt && random.chance(0.7)) handle();
        }
        for (let turn = 0; port.uart.interrupt && turn < 200; turn++) handle();
        expect(port.sent.filter((byte) => byte !== 0xff)).toEqual(written);
        expect(port.sent).toHaveLength(written!.length + messages);
        expect(read).toEqual(typed);
        expect(port.uart.interrupt).toBe(false);
      }),
    );
  });
});

describe('the PLIC driver, in supervisor mode', () => {
  const SOURCES = 95;
  const CONTEXT = 1;
  const start = () => {
    const plic = new Plic();
    const readl = (offset: number) => Number(plic.read(offset, 4));
    const writel = (offset: number, value: number) => plic.write(offset, 4, BigInt(value >>> 0));
    const threshold = PLIC.context + CONTEXT * PLIC.contextStride + PLIC.threshold;
    const claim = PLIC.context + CONTEXT * PLIC.contextStride + PLIC.claim;
    const enable = (source: number, on: boolean) => {
      const at = PLIC.enable + CONTEXT * PLIC.enableStride + 4 * (source >>> 5);
      const bit = 1 << (source & 31);
      writel(at, on ? readl(at) | bit : readl(at) & ~bit);
    };
    for (let source = 1; source <= SOURCES; source++) {
      enable(source, false);
      writel(PLIC.priority + 4 * source, 1);
    }
    writel(threshold, 0);
    return { plic, enable, readl, writel, claim };
  };

  test('serves every request, and machine mode sees none', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const random = new Random(seed);
        const { plic, enable, readl, writel, claim } = start();
        const open = new Set<number>();
        const request = (source: number) => {
          open.add(source);
          plic.request(source);
        };
        const requested = new Set(Array.from({ length: 12 }, () => 1 + random.below(SOURCES)));
        for (const source of requested) enable(source, true);
        const disabled = new Set<number>();
        for (let turn = 0; turn < 200; turn++) {
          const source = 1 + random.below(SOURCES);
          if (random.chance(0.5)) request(source);
          if (random.chance(0.2) && requested.has(source)) {
            // disable_irq and enable_irq
            enable(source, disabled.has(source));
            if (!disabled.delete(source)) disabled.add(source);
          }
          expect(plic.interrupt(0)).toBe(false);
          const pending = [...open].some((one) => requested.has(one) && !disabled.has(one));
          expect(plic.interrupt(CONTEXT)).toBe(pending);
          if (!plic.interrupt(CONTEXT) || random.chance(0.5)) continue;
          for (let hwirq = readl(claim); hwirq !== 0; hwirq = readl(claim)) {
            expect(requested.has(hwirq) && !disabled.has(hwirq)).toBe(true);
            open.delete(hwirq);
            // The device may ask again while it is being served, and the handler may have its interrupt disabled.
            if (random.chance(0.2)) request(hwirq);
            if (random.chance(0.1)) {
              enable(hwirq, false);
              disabled.add(hwirq);
            }
            // The end of a disabled interrupt is accepted only while it is enabled.
            if (disabled.has(hwirq)) enable(hwirq, true);
            writel(claim, hwirq);
            if (disabled.has(hwirq)) enable(hwirq, false);
          }
        }
      }),
    );
  });

  test('keeps the request of a masked source until it is unmasked', () => {
    const { plic, enable, readl, writel, claim } = start();
    enable(10, true);
    writel(PLIC.priority + 40, 0);
    plic.request(10);
    expect([plic.interrupt(CONTEXT), readl(claim)]).toEqual([false, 0]);
    writel(PLIC.priority + 40, 1);
    expect([plic.interrupt(CONTEXT), readl(claim)]).toEqual([true, 10]);
  });
});

test.each([
  ['off', FINISHER.PASS, { kind: 'power', action: 'off', code: 0 }],
  ['reset', FINISHER.RESET, { kind: 'power', action: 'reset', code: 0 }],
])('syscon changes the register of the finisher under a full mask: %s', (_, command, output) => {
  const finisher = new Finisher();
  const world = new World();
  const old = Number(finisher.read(0, 4));
  const changed = ((old & ~0xffff_ffff) | command) >>> 0;
  // regmap writes only what differs from what it has read.
  expect(changed).not.toBe(old);
  finisher.write(0, 4, BigInt(changed), world);
  expect(world.outputs).toEqual([output]);
});
