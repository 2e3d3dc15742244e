/** Events of a trace as lines for people, and as JSON. */
import { disassemble } from '../../asm/disassembler.ts';
import { unreachable } from '../../base/assert.ts';
import { hexOf } from '../../base/text.ts';
import { describeEntry } from '../../vmm/entries.ts';
import type { Output } from '../../vmm/outputs.ts';
import { causeText } from './causes.ts';
import type { BlockEvent, Change, MemoryAccess, StepEvent, TraceEvent, TrapEvent } from './events.ts';
import type { Decoded } from './instruction.ts';
import type { ProgramSymbols } from './program-symbols.ts';

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;

/** The widths of the columns, in characters. */
const WIDTH = { icount: 12, pc: 10, symbol: 24, instruction: 36 } as const;
/** The most texts of instructions that are remembered. */
const MAX_TEXTS = 1 << 17;
/** How many bytes of an output a line shows. */
const SHOWN_BYTES = 48;

/** Makes lines of events. */
export class TraceText {
  private readonly texts = new Map<bigint, { word: number; text: string }>();

  constructor(private readonly symbols: ProgramSymbols) {}

  /** An event as one line, without the line's end; a listed block as several. */
  line(event: TraceEvent): string {
    const icount = String(event.icount).padStart(WIDTH.icount);
    switch (event.kind) {
      case 'step':
        return `${icount} ${event.mode} ${this.step(event)}`.trimEnd();
      case 'trap':
        return `${icount}   ${this.trap(event)}`;
      case 'entry':
        return `${icount}   entry: ${describeEntry(event.entry)}${effects(event)}`;
      case 'output':
        return `${icount}   output ${outputText(event.output)}`;
      case 'block':
        return this.block(event, icount);
      default:
        return unreachable(event);
    }
  }

  private step({ pc, decoded, changes, accesses }: StepEvent): string {
    const text = this.instruction(pc, decoded);
    return `${this.place(pc)} ${text.padEnd(WIDTH.instruction)}${effects({ changes, accesses })}`;
  }

  /** An address, and with symbols its name, each in its column. */
  private place(pc: bigint): string {
    const address = hex(pc).padEnd(WIDTH.pc);
    if (this.symbols.isEmpty) return address;
    return `${address} ${(this.symbols.nameOf(pc) ?? '').padEnd(WIDTH.symbol)}`;
  }

  private instruction(pc: bigint, decoded: Decoded | undefined): string {
    if (!decoded) return '(no instruction can be fetched)';
    const { word } = decoded;
    const known = this.texts.get(pc);
    if (known?.word === word) return known.text;
    if (this.texts.size >= MAX_TEXTS) this.texts.clear();
    const text = disassemble(word, pc, { symbols: (address) => this.symbols.nameOf(address) });
    this.texts.set(pc, { word, text });
    return text;
  }

  private trap({ isInterrupt, code, from, to, epc, tval, handler, changes }: TrapEvent): string {
    const what = `${isInterrupt ? 'interrupt' : 'exception'}: ${causeText(isInterrupt, code)}`;
    const places = `epc ${this.named(epc)}, tval ${hex(tval)}`;
    return `${what}, ${places}, from ${from}-mode to ${to}-mode at ${this.named(handler)}${effects({ changes })}`;
  }

  private named(address: bigint): string {
    const name = this.symbols.nameOf(address);
    return name === undefined ? hex(address) : `${hex(address)} <${name}>`;
  }

  private block({ pc, mode, instructions }: BlockEvent, icount: string): string {
    if (!instructions) return `${icount} ${mode} block ${this.named(pc)}`;
    const lines = instructions.map(({ pc: at, decoded }) =>
      `${' '.repeat(WIDTH.icount)} ${mode} ${this.place(at)} ${this.instruction(at, decoded)}`.trimEnd(),
    );
    return [`${icount} ${mode} code ${this.named(pc)}:`, ...lines].join('\n');
  }

  /** An event as a JSON document in one line. Numbers of 64 bits are texts in hexadecimal. */
  json(event: TraceEvent): string {
    return JSON.stringify(this.fields(event), (_, value) => {
      if (typeof value === 'bigint') return hex(value);
      return value instanceof Uint8Array ? hexOf(value) : value;
    });
  }

  private fields(event: TraceEvent): object {
    const { kind, icount } = event;
    switch (event.kind) {
      case 'step': {
        const { mode, pc, decoded, trapped, changes, accesses } = event;
        const what = { word: decoded && hex(decoded.word >>> 0), instruction: this.instruction(pc, decoded) };
        const more = { kinds: decoded?.kinds ?? [], trapped, changes: asObject(changes), accesses };
        return { kind, icount, mode, ...this.placeFields('pc', pc), ...what, ...more };
      }
      case 'trap': {
        const { isInterrupt, code, from, to, epc, tval, handler, changes } = event;
        const cause = causeText(isInterrupt, code);
        const places = { ...this.placeFields('epc', epc), tval, ...this.placeFields('handler', handler) };
        const what = isInterrupt ? 'interrupt' : 'exception';
        return { kind: what, icount, cause, code, from, to, ...places, changes: asObject(changes) };
      }
      case 'entry':
        return { kind, icount, entry: event.entry, changes: asObject(event.changes) };
      case 'output':
        return { kind, icount, output: event.output };
      case 'block': {
        const { mode, pc, instructions } = event;
        const listed = instructions?.map(({ pc: at, decoded }) => ({
          ...this.placeFields('pc', at),
          instruction: this.instruction(at, decoded),
        }));
        return { kind, icount, mode, ...this.placeFields('pc', pc), instructions: listed };
      }
      default:
        return unreachable(event);
    }
  }

  private placeFields(name: string, address: bigint): object {
    const place = this.symbols.nameOf(address);
    return {
      [name]: address,
      ...(place !== undefined && { [name === 'pc' ? 'symbol' : `${name}Symbol`]: place }),
    };
  }
}

const asObject = (changes: readonly Change[]): object =>
  Object.fromEntries(changes.map(({ name, value }) => [name, value]));

function accessText({ access, address, sizeBytes, value }: MemoryAccess): string {
  const place = `${access} ${sizeBytes} at ${hex(address)}`;
  return value === undefined ? place : `${place} = ${hex(value)}`;
}

/** What an event changed, after two spaces each. */
function effects({
  changes,
  accesses = [],
}: {
  changes: readonly Change[];
  accesses?: readonly MemoryAccess[];
}): string {
  let text = '';
  for (const { name, value } of changes) text += `  ${name}=${hex(value)}`;
  for (const access of accesses) text += `  ${accessText(access)}`;
  return text;
}

function outputText(output: Output): string {
  const { first } = output;
  switch (output.kind) {
    case 'console': {
      const { data } = output;
      const last = first + data.length - 1;
      const numbers = last === first ? `${first}` : `${first}–${last}`;
      const cut = data.length > SHOWN_BYTES ? '…' : '';
      return `${numbers}: console ${JSON.stringify(new TextDecoder().decode(data.subarray(0, SHOWN_BYTES)))}${cut}`;
    }
    case 'frame':
      return `${first}: frame of ${output.frame.length} bytes`;
    case 'disk':
      return `${first}: disk ${output.request.operation}${'sector' in output.request ? ` at sector ${output.request.sector}` : ''}`;
    default:
      return unreachable(output);
  }
}
