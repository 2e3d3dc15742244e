import { bool, bytes, record, u8, uint, type ValueOf } from '../base/codec.ts';
import type { DeviceContext, InterruptingDevice } from './device.ts';

/**
 * Register offsets. While DLAB is set, DLL and DLM replace RBR/THR and IER; IIR is read and FCR written at one offset.
 */
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
/** Interrupt identifications, by priority; FIFO: the FIFOs are enabled. */
export const IIR = { RLSI: 0x06, RDI: 0x04, CTI: 0x0c, THRI: 0x02, NO_INT: 0x01, FIFO: 0xc0 } as const;
/** TRIGGER: the receiver FIFO's trigger level, as an index of {@link TRIGGER_BYTES}. */
export const FCR = { ENABLE_FIFO: 0x01, CLEAR_RCVR: 0x02, CLEAR_XMIT: 0x04, TRIGGER: 0xc0 } as const;
/** Line control bits. */
export const LCR = { DLAB: 0x80 } as const;
/** Modem control bits. */
export const MCR = { DTR: 0x01, RTS: 0x02, OUT1: 0x04, OUT2: 0x08, LOOP: 0x10 } as const;
/** Line status bits. */
export const LSR = { DR: 0x01, OE: 0x02, THRE: 0x20, TEMT: 0x40 } as const;
/** Modem status bits. */
export const MSR = { CTS: 0x10, DSR: 0x20, RI: 0x40, DCD: 0x80 } as const;

const FIFO_BYTES = 16;
const TRIGGER_BYTES = [1, 4, 8, 14] as const;

const schema = record({
  DLL: u8,
  DLM: u8,
  IER: u8,
  LCR: u8,
  MCR: u8,
  SCR: u8,
  /** ENABLE_FIFO and TRIGGER. */
  FCR: u8,
  /** Bytes received and not read yet: up to 16 with FIFOs, one without. */
  fifo: bytes(FIFO_BYTES),
  /** The last byte received without FIFOs: RBR keeps it after it was read. */
  RBR: u8,
  overrun: bool,
  /** The interrupt "transmitter holding register empty" is not acknowledged yet. */
  thrEmptyPending: bool,
  interruptRequested: bool,
  /** The number of bytes taken from outside since boot: the position in the console input. */
  received: uint,
});

/**
 * The 16550A serial port (National Semiconductor PC16550D data sheet), with the choices of QEMU's. A byte leaves when
 * it is written to THR, so the transmitter is always empty. There is no baud rate: received data below the trigger
 * level raises the character timeout interrupt at once, where hardware waits for four characters' time. Carrier, DSR
 * and CTS are always on. An access of any size is to the one register at its offset; the bytes above the low one read
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
    MCR: MCR.OUT2,
    SCR: 0,
    FCR: 0,
    fifo: new Uint8Array(0),
    RBR: 0,
    overrun: false,
    thrEmptyPending: false,
    interruptRequested: false,
    received: 0,
  };

  get interrupt(): boolean {
    return this.identification !== IIR.NO_INT;
  }

  /** How many bytes {@link receive} would take now. In loopback mode the receiver is disconnected from outside. */
  get room(): number {
    return this.state.MCR & MCR.LOOP ? 0 : this.capacity - this.state.fifo.length;
  }

  /** Input from outside: takes the first bytes, as many as there is room for, and returns their number. */
  receive(input: Uint8Array): number {
    const taken = input.subarray(0, this.room);
    if (taken.length > 0) this.put(taken);
    this.state.received += taken.length;
    return taken.length;
  }

  /** The next byte received, as a read of RBR takes it; undefined when there is none. */
  take(): number | undefined {
    return this.state.fifo.length > 0 ? this.readRbr() : undefined;
  }

  private get fifoEnabled(): boolean {
    return (this.state.FCR & FCR.ENABLE_FIFO) !== 0;
  }

  private get capacity(): number {
    return this.fifoEnabled ? FIFO_BYTES : 1;
  }

  /** The receiver gets bytes. An overrun leaves a full FIFO unchanged; without FIFOs the new byte replaces the last. */
  private put(received: Uint8Array): void {
    const { state } = this;
    if (state.fifo.length + received.length > this.capacity) state.overrun = true;
    if (this.fifoEnabled) {
      state.fifo = concat(state.fifo, received).slice(0, FIFO_BYTES);
    } else {
      state.fifo = received.slice();
      [state.RBR = 0] = received;
    }
    this.driveInterrupt();
  }

  /** Drives the interrupt line from the state. A line that is high already requests an interrupt again. */
  private driveInterrupt(): void {
    if (this.interrupt) this.state.interruptRequested = true;
  }

  /** IIR without its FIFO bits: the pending interrupt of the highest priority. */
  private get identification(): number {
    const { state } = this;
    if (state.IER & IER.RLSI && state.overrun) return IIR.RLSI;
    if (state.IER & IER.RDI && state.fifo.length > 0) return this.reachesTrigger ? IIR.RDI : IIR.CTI;
    if (state.IER & IER.THRI && state.thrEmptyPending) return IIR.THRI;
    return IIR.NO_INT;
  }

  private get reachesTrigger(): boolean {
    const { FCR: fcr, fifo } = this.state;
    return !this.fifoEnabled || fifo.length >= TRIGGER_BYTES[(fcr & FCR.TRIGGER) >> 6]!;
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

  /** An empty FIFO reads as zero; without FIFOs RBR reads as the last byte. */
  private readRbr(): number {
    const { state } = this;
    const [byte = 0] = state.fifo;
    state.fifo = state.fifo.slice(1);
    this.driveInterrupt();
    return this.fifoEnabled ? byte : state.RBR;
  }

  /** Reading IIR acknowledges the transmitter's interrupt, if that is the one it identifies. */
  private readIir(): number {
    const id = this.identification;
    if (id === IIR.THRI) this.state.thrEmptyPending = false;
    return id | (this.fifoEnabled ? IIR.FIFO : 0);
  }

  /** Reading LSR clears the overrun. */
  private readLsr(): number {
    const { state } = this;
    const value = LSR.THRE | LSR.TEMT | (state.fifo.length > 0 ? LSR.DR : 0) | (state.overrun ? LSR.OE : 0);
    if (state.overrun) {
      state.overrun = false;
      this.driveInterrupt();
    }
    return value;
  }

  write(offset: number, _sizeBytes: number, value: bigint, context: DeviceContext): boolean {
    const { state } = this;
    const byte = Number(value & 0xffn);
    switch (offset) {
      case UART.THR:
        if (this.dlab) state.DLL = byte;
        else this.transmit(byte, context);
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

  private transmit(byte: number, context: DeviceContext): void {
    const { state } = this;
    state.thrEmptyPending = true;
    this.driveInterrupt();
    if (state.MCR & MCR.LOOP) this.put(Uint8Array.of(byte));
    else context.output({ kind: 'console', byte });
  }

  /**
   * Enabling the transmitter's interrupt raises it again, since the transmitter is empty: drivers start sending that
   * way. A value that changes nothing requests no interrupt.
   */
  private writeIer(value: number): void {
    const { state } = this;
    const changed = value ^ state.IER;
    state.IER = value;
    if (changed & IER.THRI) state.thrEmptyPending = (value & IER.THRI) !== 0;
    if (changed !== 0) this.driveInterrupt();
  }

  /** Switching between the modes clears both FIFOs, which raises the transmitter's interrupt again. */
  private writeFcr(value: number): void {
    const { state } = this;
    const switched = ((value ^ state.FCR) & FCR.ENABLE_FIFO) !== 0;
    if (switched || value & FCR.CLEAR_RCVR) state.fifo = new Uint8Array(0);
    if (switched || value & FCR.CLEAR_XMIT) state.thrEmptyPending = true;
    state.FCR = value & (FCR.ENABLE_FIFO | FCR.TRIGGER);
    this.driveInterrupt();
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
