/** The interpreter against QEMU: every instruction of the table has the results of the goldens. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { csrNumbers, ENVCFG, INTERRUPT } from '../../src/cpu/csrs.ts';
import { makeHart } from '../../src/cpu/engine.ts';
import { type Format, fields, formats, insert, type OperandKind } from '../../src/cpu/formats.ts';
import { decode, instructions } from '../../src/cpu/instructions.ts';
import { NO_RESERVATION } from '../../src/cpu/layout.ts';
import { execution } from '../engine.ts';
import { machine, outcome } from '../goldens/make/cpu.mjs';
import { differences } from './qemu-differences.ts';

interface Case {
  input: Record<string, bigint>;
  /** The input as the golden says it, and what QEMU made of it. */
  text: string;
  qemu: string;
}

interface Program {
  lines: string[];
  words: number[];
  cases: Case[];
}

const EBREAK = 0x0010_0073;
const JUMP_TO_ITSELF = 0x0000_006f;
const directory = new URL('../goldens/cpu/', import.meta.url);

function parse(text: string): Program[] {
  const programs = text.split('\n\n').filter((block) => !block.startsWith('#'));
  return programs.map((block) => {
    const rows = block.trim().split('\n');
    const listing = rows.filter((row) => !row.startsWith(':'));
    const cases = rows.filter((row) => row.startsWith(':'));
    return {
      lines: listing.map((row) => row.slice(0, -8).trim()),
      words: listing.map((row) => Number.parseInt(row.slice(-8), 16)),
      cases: cases.map((row) => {
        const [given, qemu] = row.slice(1).split('->');
        const pairs = [...given!.matchAll(/(\w+)=(\w+)/g)].map(([, name, value]) => [
          name,
          BigInt(`0x${value}`),
        ]);
        return { input: Object.fromEntries(pairs), qemu: qemu!.trim(), text: given!.trim() };
      }),
    };
  });
}

const goldens = new Map(
  readdirSync(directory).map((name) => [name, parse(readFileSync(new URL(name, directory), 'utf8'))]),
);

/** The value of a number in assembly: `.-0x10`, `+4`, `077`. */
function number(text: string): number {
  const digits = text.replace(/^\.?[+-]?/, '');
  return /^\.?-/.test(text) ? -Number(digits) : Number(digits);
}

const operandValue: Record<OperandKind, (text: string) => number> = {
  x: (text) => number(text.slice(1)),
  x8: (text) => number(text.slice(1)) - 8,
  sp: () => 0,
  f: (text) => number(text.slice(1)),
  f8: (text) => number(text.slice(1)) - 8,
  signed: number,
  unsigned: number,
  upper: (text) => number(text) << 12,
  target: number,
  csr: (text) => csrNumbers.get(text) ?? number(text),
  rounding: number,
  ordering: (text) =>
    [...'wroi'].reduce((bits, letter, bit) => bits | (text.includes(letter) ? 1 << bit : 0), 0),
  suffix: (text) => ['', '.rl', '.aq', '.aqrl'].indexOf(text),
};

/** The word of one line of assembly, from nothing but the tables. */
function encode(line: string): number {
  const [name, ...rest] = line.split(/ (.*)/);
  if (name === '.word') return Number(rest[0]);
  const [, mnemonic, suffix] = /^(.*?)((?:\.aq|\.rl|\.aqrl)?)$/.exec(name!)!;
  const row = instructions.find((instruction) => instruction.mnemonic === mnemonic)!;
  const format: Format = formats[row.format];
  const names = format.syntax.match(/\w+/g) ?? [];
  const pattern = format.syntax.replaceAll(/[()]/g, '\\$&').replaceAll(/\w+/g, '(\\S+?)');
  const texts = new RegExp(`^${pattern}$`).exec(rest[0] ?? '')!.slice(1);
  let word = row.match;
  [...names, ...(format.suffix ? [format.suffix] : [])].forEach((name, index) => {
    const field = fields[name as keyof typeof fields];
    word |= insert(field, operandValue[field.kind](texts[index] ?? suffix!));
  });
  return word >>> 0;
}

/** The devices of the goldens: each raises its interrupt when it is stored to. */
let mtime = 0n;
let alarm = false;
const hart = makeHart(
  machine.ramSizeBytes,
  {
    load: () => undefined,
    store(address, _sizeBytes, value) {
      const isPlic = address >= 0xc00_0000n && address < 0x1000_0000n;
      if (address === 0x200_0000n) hart.setLine(INTERRUPT.MSI, (value & 1n) === 1n);
      else if (address === 0x200_bff8n) mtime = value;
      else if (address === 0x200_4000n) {
        hart.setLine(INTERRUPT.MTI, value <= mtime);
        alarm = value > mtime;
      } else if (address === 0x1000_0001n) hart.setLine(INTERRUPT.MEI, (value & 2n) === 2n);
      else return isPlic;
      return true;
    },
    clock: () => 0,
    entropy: () => 0,
    watched() {},
    timerChanged() {
      const counts = (hart.get('menvcfg') & ENVCFG.STCE) !== 0n;
      hart.setLine(INTERRUPT.STI, counts && hart.get('stimecmp') <= mtime);
    },
  },
  execution,
);

const write = (address: number, words: readonly number[]) =>
  hart.write(address, new Uint8Array(Uint32Array.from(words).buffer));
const fill = (from: number, sizeBytes: number, word: number) =>
  write(
    from,
    Array.from({ length: sizeBytes / 4 }, () => word),
  );
const halves = (value: bigint) => [Number(value & 0xffff_ffffn), Number(value >> 32n)];
fill(machine.breaks.from, machine.breaks.to - machine.breaks.from, EBREAK);
// The end of every case: the hart loops there.
fill(machine.handler, 4, JUMP_TO_ITSELF);

/** More than any case takes. */
const MAX_STEPS = 100;

const boot = hart.state;

/** Runs a case; returns its outcome in the form of the goldens. */
function replay({ words }: Program, input: Record<string, bigint>): string {
  hart.state = {
    ...boot,
    ...Object.fromEntries(Array.from({ length: 31 }, (_, n) => [`x${n + 1}`, machine.filler(n + 1)])),
    pc: BigInt(machine.code),
    mstatus: machine.mstatusBefore & 0xffff_ffffn,
    mtvec: BigInt(machine.handler),
    stvec: BigInt(machine.supervisorHandler),
    stimecmp: 2n ** 64n - 1n,
    pmpcfg2: machine.pmpcfg2,
    pmpaddr15: machine.pmpaddr15,
    mepc: BigInt(machine.code),
    mscratch: BigInt(machine.save),
    reservation: NO_RESERVATION,
    ...Object.fromEntries(Object.entries(input).filter(([name]) => name.startsWith('x'))),
  };
  mtime = 2n ** 32n;
  write(
    machine.data,
    machine.memory.flatMap((filler, index) => halves(input[`m${index}`] ?? filler)),
  );
  fill(machine.ram + machine.ramSizeBytes - 8, 8, 0);
  const entries = Object.entries(input).flatMap(([name, value]) => {
    const [, address] = /^p(\w+)$/.exec(name) ?? [];
    return address ? [{ address: Number.parseInt(address, 16), value }] : [];
  });
  for (const { address, value } of entries) write(address, halves(value));
  write(machine.code, words);
  const end = hart.icount + MAX_STEPS;
  while (hart.run(end) === 'waiting' && hart.icount < end) hart.setLine(INTERRUPT.MTI, alarm);
  fill(machine.code, 4 * words.length, EBREAK);
  if (entries.length > 0) fill(machine.tables.from, machine.tables.to - machine.tables.from, 0);
  const status = hart.get('mstatus') | 0xa_0000_0000n;
  const { mcause, mepc, mtval, ...state } = hart.state;
  const after = { ...state, cause: mcause!, epc: mepc!, tval: mtval!, mstatus: status };
  new BigUint64Array(hart.ram.buffer, hart.ram.byteOffset + machine.data - machine.ram, 4).forEach(
    (value, index) => {
      Object.assign(after, { [`m${index}`]: value });
    },
  );
  return outcome(input, after, words.length);
}

const cases = [...goldens.values()]
  .flat()
  .flatMap((program) => program.cases.map((one) => ({ program, ...one })));
const about = ({ program, text }: { program: Program; text: string }) =>
  `${program.lines.join('; ')} : ${text}`;

const outcomes = new Map(cases.map((one) => [about(one), one.qemu]));
const outcomeOf = (name: string) => outcomes.get(name)!;
/** The outcome that is expected here. */
const expected = (qemu: string, input: Case['input'], name: string) =>
  differences
    .filter(({ of }) => of.test(name))
    .reduce((outcome, { ours }) => ours(outcome, input, name, outcomeOf), qemu);

describe.each([...goldens])('%s', (_, programs) => {
  test('is encoded as the assembler does', () => {
    const encoded = programs.map(({ lines }) => lines.map((line) => [line, encode(line)]));
    expect(encoded).toEqual(
      programs.map(({ lines, words }) => lines.map((line, index) => [line, words[index]])),
    );
  });

  test('behaves as on QEMU', () => {
    const said: string[] = [];
    const done: string[] = [];
    for (const { program, input, qemu, text } of cases.filter((one) => programs.includes(one.program))) {
      const name = about({ program, text });
      said.push(`${name} -> ${expected(qemu, input, name)}`);
      done.push(`${name} -> ${replay(program, input)}`);
    }
    expect(done.filter((line, index) => line !== said[index])).toEqual(
      said.filter((line, index) => line !== done[index]),
    );
  });
});

test.each(differences)('differs from QEMU: $why', ({ of, ours }) => {
  const different = cases.filter((one) => {
    const name = about(one);
    return of.test(name) && ours(one.qemu, one.input, name, outcomeOf) !== one.qemu;
  });
  expect(different.length).toBeGreaterThan(0);
});

test('every row of the table has a golden', () => {
  const covered = cases.flatMap(({ program: { words } }) => words.map((word) => decode(word)?.mnemonic));
  // Those of floating point are in test/goldens/float.
  const here = instructions.filter(({ extension }) => extension !== 'F' && extension !== 'D');
  expect(here.filter(({ mnemonic }) => !covered.includes(mnemonic))).toEqual([]);
});
