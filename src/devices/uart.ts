import { bool, bytes, record, u8, uint, type ValueOf } from '../base/codec.ts';
import type { InterruptingDevice, Surroundings } from './device.ts';

/** Register offsets. RBR, THR, IER give way to DLL and DLM while DLAB is set; IIR is read where FCR is written. */
export const UART = {
  RBR: 0,
  THR: 0,
  DLL: 0,
  IER: 1,
  DLM: 1,
  IIR: 2,
  FCR: 2,
  LCR: 3,
  MCR: 4,
  LSR: 5,
  MSR: 6,
  SCR: 7,
};

/** Interrupt enable bits. */
export const IER = { RDI: 0x01, THRI: 0x02, RLSI: 0x04, MSI: 0x08 } as const;
/** Interrupt identifications, the first that applies wins; FIFO says that the FIFOs are on. */
export const IIR = { RLSI: 0x06, RDI: 0x04, THRI: 0x02, NO_INT: 0x01, FIFO: 0xc0 } as const;
export const FCR = { ENABLE_FIFO: 0x01, CLEAR_RCVR: 0x02 } as const;
export const LCR = { DLAB: 0x80 } as const;
export const MCR = { DTR: 0x01, RTS: 0x02, OUT1: 0x04, OUT2: 0x08, LOOP: 0x10 } as const;
export const LSR = { DR: 0x01, OE: 0x02, THRE: 0x20, TEMT: 0x40 } as const;
export const MSR = { CTS: 0x10, DSR: 0x20, RI: 0x40, DCD: 0x80 } as const;

const FIFO_BYTES = 16;

const schema = record({
  DLL: u8,
  DLM: u8,
  IER: u8,
  LCR: u8,
  MCR: u8,
  SCR: u8,
  fifoEnabled: bool,
  /** Bytes received and not read yet. */
  fifo: bytes(FIFO_BYTES),
  overrun: bool,
  /** "Transmitter holding register empty" has not been acknowledged yet. */
  thrEmptyPending: bool,
  /** All bytes taken from the outside since boot: the world's input goes on from here. */
  received: uint,
});

/**
 * The 16550A serial port (National Semiconductor PC16550D data sheet). A byte leaves the moment it is written to THR, so
 * the transmitter is always empty. There is no baud rate: any received data raises the receive interrupt, whatever the
 * trigger level, where the hardware would wait for the level or the character timeout. Carrier, DSR and CTS are always
 * on. As with QEMU's port, an access of any size means the one register at its offset; the bytes above its low one read
 * as zero and are ignored when written.
 */
export class Uart implements InterruptingDevice<ValueOf<typeof schema>> {
  readonly name = 'uart';
  readonly schema = schema;
  state: ValueOf<typeof schema> = {
    DLL: 12,
    DLM: 0,
    IER: 0,
    LCR: 0,
    MCR: 0,
    SCR: 0,
    fifoEnabled: false,
    fifo: new Uint8Array(0),
    overrun: false,
    thrEmptyPending: false,
    received: 0,
  };

  get interrupt(): boolean {
    return this.identification !== IIR.NO_INT;
  }

  /** How many bytes {@link receive} would take now. In loopback mode the receiver is cut off from the outside. */
  get room(): number {
    return this.state.MCR & MCR.LOOP ? 0 : this.capacity - this.state.fifo.length;
  }

  /** Input from the outside: takes the first bytes, as many as there is room for, and says how many. */
  receive(input: Uint8Array): number {
    const taken = input.subarray(0, this.room);
    this.state.fifo = concat(this.state.fifo, taken);
    this.state.received += taken.length;
    return taken.length;
  }

  private get capacity(): number {
    return this.state.fifoEnabled ? FIFO_BYTES : 1;
  }

  /** What IIR says, without its FIFO bits: the pending interrupt of the highest priority. */
  private get identification(): number {
    const { state } = this;
    if (state.IER & IER.RLSI && state.overrun) return IIR.RLSI;
    if (state.IER & IER.RDI && state.fifo.length > 0) return IIR.RDI;
    if (state.IER & IER.THRI && state.thrEmptyPending) return IIR.THRI;
    return IIR.NO_INT;
  }

  private get dlab(): boolean {
    return (this.state.LCR & LCR.DLAB) !== 0;
  }

  read(offset: number, _sizeBytes: number): bigint | undefined {
    const value = this.register(offset);
    return value === undefined ? undefined : BigInt(value);
  }

  private register(offset: number): number | undefined {
    const { state } = this;
    switch (offset) {
      case UART.RBR:
        return this.dlab ? state.DLL : this.readRbr();
      case UART.IER:
        return this.dlab ? state.DLM : state.IER;
      case UART.IIR:
        return this.readIir();
      case UART.LCR:
        return state.LCR;
      case UART.MCR:
        return state.MCR;
      case UART.LSR:
        return this.readLsr();
      case UART.MSR:
        return state.MCR & MCR.LOOP ? loopedModemStatus(state.MCR) : MSR.DCD | MSR.DSR | MSR.CTS;
      case UART.SCR:
        return state.SCR;
      default:
        return undefined;
    }
  }

  private readRbr(): number {
    const [byte = 0] = this.state.fifo;
    this.state.fifo = this.state.fifo.slice(1);
    return byte;
  }

  /** Reading IIR acknowledges the transmitter's interrupt, if that is the one it tells of. */
  private readIir(): number {
    const id = this.identification;
    if (id === IIR.THRI) this.state.thrEmptyPending = false;
    return id | (this.state.fifoEnabled ? IIR.FIFO : 0);
  }

  /** Reading LSR clears the overrun. */
  private readLsr(): number {
    const { state } = this;
    const value = LSR.THRE | LSR.TEMT | (state.fifo.length > 0 ? LSR.DR : 0) | (state.overrun ? LSR.OE : 0);
    state.overrun = false;
    return value;
  }

  write(offset: number, _sizeBytes: number, value: bigint, around: Surroundings): boolean {
    const { state } = this;
    const byte = Number(value & 0xffn);
    switch (offset) {
      case UART.THR:
        if (this.dlab) state.DLL = byte;
        else this.transmit(byte, around);
        return true;
      case UART.IER:
        if (this.dlab) state.DLM = byte;
        else this.writeIer(byte & 0x0f);
        return true;
      case UART.FCR:
        this.writeFcr(byte);
        return true;
      case UART.LCR:
        state.LCR = byte;
        return true;
      case UART.MCR:
        state.MCR = byte & 0x1f;
        return true;
      case UART.SCR:
        state.SCR = byte;
        return true;
      case UART.LSR:
      case UART.MSR:
        return true;
      default:
        return false;
    }
  }

  private transmit(byte: number, around: Surroundings): void {
    const { state } = this;
    if ((state.MCR & MCR.LOOP) === 0) around.output({ kind: 'console', byte });
    else if (state.fifo.length < this.capacity) state.fifo = concat(state.fifo, Uint8Array.of(byte));
    else state.overrun = true;
    state.thrEmptyPending = true;
  }

  /** Enabling the transmitter's interrupt raises it anew, as the transmitter is empty: drivers start sending so. */
  private writeIer(value: number): void {
    if (value & ~this.state.IER & IER.THRI) this.state.thrEmptyPending = true;
    this.state.IER = value;
  }

  private writeFcr(value: number): void {
    const { state } = this;
    const enable = (value & FCR.ENABLE_FIFO) !== 0;
    // Switching between the modes empties the FIFO as well.
    if (enable !== state.fifoEnabled || value & FCR.CLEAR_RCVR) state.fifo = new Uint8Array(0);
    state.fifoEnabled = enable;
  }
}

/** In loopback mode the modem's outputs are its inputs. */
function loopedModemStatus(mcr: number): number {
  return (
    (mcr & MCR.RTS ? MSR.CTS : 0) |
    (mcr & MCR.DTR ? MSR.DSR : 0) |
    (mcr & MCR.OUT1 ? MSR.RI : 0) |
    (mcr & MCR.OUT2 ? MSR.DCD : 0)
  );
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}
