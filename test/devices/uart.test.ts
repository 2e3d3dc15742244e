import { describe, expect, test } from 'vitest';
import { FCR, IER, IIR, LCR, LSR, MCR, MSR, UART, Uart } from '../../src/devices/uart.ts';
import { World } from '../../tools/testing/devices/world.ts';

function port() {
  const uart = new Uart();
  const world = new World();
  return {
    uart,
    world,
    get: (offset: number) => Number(uart.read(offset, 1)),
    set: (offset: number, value: number) => uart.write(offset, 1, BigInt(value), world),
    sent: () => world.outputs.map((output) => (output.kind === 'console' ? output.byte : -1)),
  };
}
const text = (s: string) => new TextEncoder().encode(s);

test('a byte written to THR is sent at once', () => {
  const { set, get, sent } = port();
  for (const byte of [0x68, 0x69]) set(UART.THR, byte);
  expect(sent()).toEqual([0x68, 0x69]);
  expect(get(UART.LSR)).toBe(LSR.THRE | LSR.TEMT);
});

test('DLAB puts the divisor in front of THR, RBR and IER', () => {
  const { set, get, sent } = port();
  set(UART.IER, IER.RDI);
  set(UART.LCR, LCR.DLAB | 3);
  set(UART.DLL, 0x34);
  set(UART.DLM, 0x12);
  expect([get(UART.DLL), get(UART.DLM)]).toEqual([0x34, 0x12]);
  set(UART.LCR, 3);
  expect([get(UART.RBR), get(UART.IER), get(UART.LCR)]).toEqual([0, IER.RDI, 3]);
  expect(sent()).toEqual([]);
});

describe('receiving', () => {
  test('without FIFOs takes one byte at a time', () => {
    const { uart, get } = port();
    expect(uart.room).toBe(1);
    expect(uart.receive(text('ab'))).toBe(1);
    expect(uart.room).toBe(0);
    expect(uart.receive(text('b'))).toBe(0);
    expect(get(UART.LSR) & LSR.DR).toBe(LSR.DR);
    expect(get(UART.RBR)).toBe(0x61);
    expect(get(UART.LSR) & LSR.DR).toBe(0);
    expect(uart.state.received).toBe(1);
  });

  test('with FIFOs takes sixteen, in order, and counts them', () => {
    const { uart, set, get } = port();
    set(UART.FCR, FCR.ENABLE_FIFO);
    expect(uart.receive(text('0123456789abcdefXY'))).toBe(16);
    expect([uart.room, uart.receive(text('X'))]).toEqual([0, 0]);
    expect(get(UART.RBR)).toBe(0x30);
    expect(uart.receive(text('XY'))).toBe(1);
    let got = '';
    while (get(UART.LSR) & LSR.DR) got += String.fromCharCode(get(UART.RBR));
    expect(got).toBe('123456789abcdefX');
    expect(get(UART.RBR)).toBe(0);
    expect(uart.state.received).toBe(17);
  });

  test('interrupts until the data is read', () => {
    const { uart, set, get } = port();
    uart.receive(text('a'));
    expect(uart.interrupt).toBe(false);
    set(UART.IER, IER.RDI);
    expect(uart.interrupt).toBe(true);
    expect(get(UART.IIR)).toBe(IIR.RDI);
    expect(uart.interrupt).toBe(true);
    get(UART.RBR);
    expect(uart.interrupt).toBe(false);
    expect(get(UART.IIR)).toBe(IIR.NO_INT);
  });

  test('FCR empties the FIFO, when asked to and when it changes the mode', () => {
    const { uart, set } = port();
    set(UART.FCR, FCR.ENABLE_FIFO);
    uart.receive(text('abc'));
    set(UART.FCR, FCR.ENABLE_FIFO);
    expect(uart.room).toBe(13);
    set(UART.FCR, FCR.ENABLE_FIFO | FCR.CLEAR_RCVR);
    expect(uart.room).toBe(16);
    uart.receive(text('abc'));
    set(UART.FCR, 0);
    expect(uart.room).toBe(1);
  });
});

describe('the transmitter interrupt', () => {
  test('is raised when it is enabled, and acknowledged by reading IIR', () => {
    const { uart, set, get } = port();
    expect(uart.interrupt).toBe(false);
    set(UART.IER, IER.THRI);
    expect(uart.interrupt).toBe(true);
    expect(get(UART.IIR)).toBe(IIR.THRI);
    expect(uart.interrupt).toBe(false);
    expect(get(UART.IIR)).toBe(IIR.NO_INT);
  });

  test('is raised again by each transmission and by enabling it again, not by writing IER unchanged', () => {
    const { uart, set, get } = port();
    set(UART.IER, IER.THRI);
    get(UART.IIR);
    set(UART.IER, IER.THRI);
    expect(uart.interrupt).toBe(false);
    set(UART.THR, 1);
    expect(uart.interrupt).toBe(true);
    get(UART.IIR);
    set(UART.IER, 0);
    set(UART.IER, IER.THRI);
    expect(uart.interrupt).toBe(true);
  });

  test('is not acknowledged by an IIR that shows received data', () => {
    const { uart, set, get } = port();
    set(UART.IER, IER.THRI | IER.RDI);
    uart.receive(text('a'));
    expect(get(UART.IIR)).toBe(IIR.RDI);
    get(UART.RBR);
    expect(get(UART.IIR)).toBe(IIR.THRI);
  });
});

describe('the interrupt line', () => {
  /** Whether an access has raised the line since the last check. */
  const asked = (uart: Uart) => {
    const { interruptRequested } = uart.state;
    uart.state.interruptRequested = false;
    return interruptRequested;
  };

  // Each value is that of QEMU 7.2: its PLIC notes each time that a device drives its line.
  test('is raised once by each byte sent, and not again while it is not served', () => {
    const { uart, set, get } = port();
    set(UART.IER, IER.THRI);
    expect(asked(uart)).toBe(true);
    for (const byte of [0x68, 0x69]) {
      set(UART.THR, byte);
      expect(asked(uart)).toBe(true);
    }
    for (const offset of [UART.LSR, UART.LCR, UART.MCR, UART.MSR, UART.SCR, UART.IER]) get(offset);
    set(UART.IER, IER.THRI);
    set(UART.LCR, 3);
    set(UART.MCR, MCR.OUT2);
    expect([uart.interrupt, asked(uart)]).toEqual([true, false]);
    expect(get(UART.IIR)).toBe(IIR.THRI);
    expect([uart.interrupt, asked(uart)]).toEqual([false, false]);
  });

  test('is raised by received data, and by each read that leaves some', () => {
    const { uart, set, get } = port();
    set(UART.IER, IER.RDI);
    set(UART.FCR, FCR.ENABLE_FIFO);
    uart.receive(text('ab'));
    expect(asked(uart)).toBe(true);
    get(UART.IIR);
    expect(asked(uart)).toBe(false);
    get(UART.RBR);
    expect(asked(uart)).toBe(true);
    get(UART.RBR);
    expect(asked(uart)).toBe(false);
    uart.receive(text(''));
    expect(asked(uart)).toBe(false);
  });

  test('is raised by FCR always, by IER when it changes, by LSR when it clears an overrun', () => {
    const { uart, set, get } = port();
    set(UART.MCR, MCR.LOOP);
    for (const byte of [1, 2]) set(UART.THR, byte);
    set(UART.IER, IER.RDI | IER.RLSI);
    expect(asked(uart)).toBe(true);
    get(UART.LSR);
    expect(asked(uart)).toBe(true);
    get(UART.LSR);
    set(UART.IER, IER.RDI | IER.RLSI);
    expect(asked(uart)).toBe(false);
    set(UART.IER, IER.RDI);
    expect(asked(uart)).toBe(true);
    set(UART.FCR, 0);
    expect(asked(uart)).toBe(true);
  });
});

describe('identification', () => {
  test.each([0, 1, 2, 3])('data below the trigger level %i is reported by the timeout', (level) => {
    const { uart, set, get } = port();
    set(UART.FCR, FCR.ENABLE_FIFO | (level << 6));
    set(UART.IER, IER.RDI);
    const trigger = [1, 4, 8, 14][level]!;
    for (let count = 1; count <= 16; count++) {
      uart.receive(text('x'));
      expect(get(UART.IIR)).toBe(IIR.FIFO | (count < trigger ? IIR.CTI : IIR.RDI));
    }
  });

  test('emptying the transmitter by FCR raises its interrupt, also by a change of the mode', () => {
    const { set, get } = port();
    set(UART.IER, IER.THRI);
    get(UART.IIR);
    set(UART.FCR, FCR.CLEAR_XMIT);
    expect(get(UART.IIR)).toBe(IIR.THRI);
    set(UART.FCR, FCR.ENABLE_FIFO);
    expect(get(UART.IIR)).toBe(IIR.FIFO | IIR.THRI);
    set(UART.FCR, FCR.ENABLE_FIFO);
    expect(get(UART.IIR)).toBe(IIR.FIFO | IIR.NO_INT);
  });
});

test('after a reset OUT2 is set', () => {
  expect(port().get(UART.MCR)).toBe(MCR.OUT2);
});

test('RBR keeps the last byte without FIFOs; an empty FIFO reads as zero', () => {
  const { uart, set, get } = port();
  uart.receive(text('a'));
  expect([get(UART.RBR), get(UART.RBR)]).toEqual([0x61, 0x61]);
  set(UART.FCR, FCR.ENABLE_FIFO);
  uart.receive(text('b'));
  expect([get(UART.RBR), get(UART.RBR)]).toEqual([0x62, 0]);
  set(UART.FCR, 0);
  expect(get(UART.RBR)).toBe(0x61);
});

test('loopback returns bytes, cuts off the outside, and overruns when full', () => {
  const { uart, set, get, sent } = port();
  set(UART.IER, IER.RLSI);
  set(UART.MCR, MCR.LOOP);
  expect([uart.room, uart.receive(text('x'))]).toEqual([0, 0]);
  set(UART.THR, 0x41);
  expect(uart.interrupt).toBe(false);
  set(UART.THR, 0x42);
  expect(get(UART.IIR)).toBe(IIR.RLSI);
  expect(get(UART.LSR)).toBe(LSR.THRE | LSR.TEMT | LSR.DR | LSR.OE);
  expect(get(UART.LSR)).toBe(LSR.THRE | LSR.TEMT | LSR.DR);
  expect(uart.interrupt).toBe(false);
  expect(get(UART.RBR)).toBe(0x42);
  expect(sent()).toEqual([]);
  expect(uart.state.received).toBe(0);
});

test('an overrun leaves a full FIFO as it is', () => {
  const { set, get } = port();
  set(UART.FCR, FCR.ENABLE_FIFO);
  set(UART.MCR, MCR.LOOP);
  for (let byte = 1; byte <= 18; byte++) set(UART.THR, byte);
  expect(get(UART.LSR) & LSR.OE).toBe(LSR.OE);
  expect(Array.from({ length: 17 }, () => get(UART.RBR))).toEqual([
    ...Array.from({ length: 16 }, (_, i) => i + 1),
    0,
  ]);
});

test('it passes the probes of drivers: scratch, FIFO detection, the modem in loopback', () => {
  const { set, get } = port();
  set(UART.SCR, 0xa5);
  expect(get(UART.SCR)).toBe(0xa5);
  expect(get(UART.IIR)).toBe(IIR.NO_INT);
  set(UART.FCR, FCR.ENABLE_FIFO);
  expect(get(UART.IIR)).toBe(IIR.FIFO | IIR.NO_INT);
  set(UART.IER, 0xff);
  expect(get(UART.IER)).toBe(0x0f);
  expect(get(UART.MSR)).toBe(MSR.DCD | MSR.DSR | MSR.CTS);
  set(UART.MCR, MCR.LOOP | MCR.OUT2 | MCR.RTS);
  expect(get(UART.MSR)).toBe(MSR.DCD | MSR.CTS);
  set(UART.MCR, MCR.LOOP | MCR.OUT1 | MCR.DTR);
  expect(get(UART.MSR)).toBe(MSR.RI | MSR.DSR);
});

test('a wide access reaches one register; past the last one there is none', () => {
  const { uart, world, sent } = port();
  expect(uart.write(UART.THR, 4, 0x1234_5641n, world)).toBe(true);
  expect(sent()).toEqual([0x41]);
  expect(uart.read(4 + 1, 2)).toBe(BigInt(LSR.THRE | LSR.TEMT));
  expect(uart.read(8, 1)).toBeUndefined();
  expect(uart.write(8, 1, 0n, world)).toBe(false);
});
