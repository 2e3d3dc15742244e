/** The interpreter against QEMU: every instruction of the table does what the goldens say. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { machine, outcome } from '../../scripts/goldens-cpu.mjs';
import { csrNumbers, INTERRUPT } from '../../src/cpu/csrs.ts';
import { type Format, fields, formats, insert, type OperandKind } from '../../src/cpu/formats.ts';
import { Hart } from '../../src/cpu/hart.ts';
import { decode, instructions } from '../../src/cpu/instructions.ts';
import { NO_RESERVATION } from '../../src/cpu/layout.ts';

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

/** What a number written in assembly means: `.-0x10`, `+4`, `077`. */
function number(text: string): number {
  const digits = text.replace(/^\.?[+-]?/, '');
  return /^\.?-/.test(text) ? -Number(digits) : Number(digits);
}

const operandValue: Record<OperandKind, (text: string) => number> = {
  x: (text) => number(text.slice(1)),
  f: (text) => number(text.slice(1)),
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
const hart = new Hart(machine.ramSizeBytes, {
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
});

const wordsOf = (from: number, sizeBytes: number) =>
  new Uint32Array(hart.ram.buffer, hart.ram.byteOffset + from - machine.ram, sizeBytes / 4);
wordsOf(machine.breaks.from, machine.breaks.to - machine.breaks.from).fill(EBREAK);
// Where every case ends: the hart steps on the spot when it has arrived.
wordsOf(machine.handler, 4).fill(JUMP_TO_ITSELF);

const boot = hart.state;

/** Runs a case and says what came out, in the words of the goldens. */
function replay({ words }: Program, input: Record<string, bigint>): string {
  hart.state = {
    ...boot,
    ...Object.fromEntries(Array.from({ length: 31 }, (_, n) => [`x${n + 1}`, machine.filler(n + 1)])),
    pc: BigInt(machine.code),
    mstatus: machine.mstatusBefore & 0xffff_ffffn,
    mtvec: BigInt(machine.handler),
    mepc: BigInt(machine.code),
    mscratch: BigInt(machine.save),
    reservation: NO_RESERVATION,
    ...Object.fromEntries(Object.entries(input).filter(([name]) => name.startsWith('x'))),
  };
  mtime = 2n ** 32n;
  const memory = new BigUint64Array(hart.ram.buffer, hart.ram.byteOffset + machine.data - machine.ram, 4);
  machine.memory.forEach((filler, index) => {
    memory[index] = input[`m${index}`] ?? filler;
  });
  wordsOf(machine.ram + machine.ramSizeBytes - 8, 8).fill(0);
  const code = wordsOf(machine.code, 4 * words.length);
  code.set(words);
  for (let steps = 0; steps < 100 && hart.get('pc') !== BigInt(machine.handler); steps++) {
    const exit = hart.run(hart.icount + 1);
    if (exit === 'waiting') hart.setLine(INTERRUPT.MTI, alarm);
  }
  code.fill(EBREAK);
  const status = hart.get('mstatus') | 0x2_0000_0000n;
  const { mcause, mepc, mtval, ...state } = hart.state;
  const after = { ...state, cause: mcause!, epc: mepc!, tval: mtval!, mstatus: status };
  memory.forEach((value, index) => {
    Object.assign(after, { [`m${index}`]: value });
  });
  return outcome(input, after, words.length);
}

/** Where this machine does something else than QEMU 7.2, and why: what comes out here instead of there. */
interface Difference {
  why: string;
  /** The cases: `instructions : input`. */
  of: RegExp;
  ours(qemu: string, input: Record<string, bigint>, about: string): string;
}

const hex = (value: bigint) => BigInt.asUintN(64, value).toString(16);
const withTval = (outcome: string, tval: bigint) => outcome.replace(/tval=\w+/, `tval=${hex(tval)}`);

const differences: Difference[] = [
  {
    why: 'a misaligned target is in mtval ("the faulting virtual address"); QEMU gives the address of the jump',
    of: /^(csrrw x0, mepc, x5; mret; )?(jal|b\w+) /,
    ours(qemu, _, about) {
      const epc = /cause=0 epc=(\w+)/.exec(qemu)?.[1];
      const by = /\.([+-]\w+) :/.exec(about)![1]!;
      return epc ? withTval(qemu, BigInt(`0x${epc}`) + BigInt(number(by))) : qemu;
    },
  },
  {
    why: 'EBREAK leaves its address in mtval, which the manual allows as it does the zero of QEMU',
    of: /ebreak/,
    ours: (qemu) => withTval(qemu, BigInt(`0x${/epc=(\w+)/.exec(qemu)![1]}`)),
  },
  {
    why: 'QEMU cuts a load outside RAM into aligned pieces, and gives the address of the first in mtval',
    of: /^l[bhwd]u? \w+, 4\(x10\) : x10=(1000000|1000001|f\w+8|8\w+|4000000)$/,
    ours: (qemu, { x10 }) => withTval(qemu, x10! + 4n),
  },
  {
    why: 'an AMO never gets a load fault; QEMU makes a load and a store of it outside RAM',
    of: /^amo/,
    ours: (qemu) => qemu.replace('cause=5', 'cause=7'),
  },
  {
    why: 'SC looks at its address first; in QEMU one without a reservation fails whatever its address is',
    of: /^sc\.\w x12, x11, \(x10\) : x10=(?!83fffff)/,
    ours(qemu, { x10 }, about) {
      const aligned = x10! % (about.startsWith('sc.w') ? 4n : 8n) === 0n;
      if (aligned && x10! >> 28n === 8n && x10! < machine.ram + machine.ramSizeBytes) return qemu;
      return `cause=${aligned ? 7 : 6} epc=${hex(BigInt(machine.code))} tval=${hex(x10!)}`;
    },
  },
  {
    why: "a hart's own store leaves its reservation alone; QEMU's SC fails when the value has changed",
    of: /^lr\.\w x12, \(x10\); sd x14, 0\(x10\); sc/,
    ours(qemu, { x11, x14 }, about) {
      const stored = about.startsWith('lr.w') ? (x14! & ~0xffff_ffffn) | (x11! & 0xffff_ffffn) : x11!;
      return qemu.replace(/x15=1 m0=\w+/, `x15=0 m0=${hex(stored)}`);
    },
  },
  {
    why: 'CSRRS and CSRRC write unless rs1 is x0: to a read-only CSR, that is illegal even if x10 holds zero',
    of: /^csrr[sc] x0, \w+, x10 : x10=0/,
    ours: (_, __, about) =>
      `cause=2 epc=${hex(BigInt(machine.code))} tval=${hex(BigInt(encode(about.split(' :')[0]!)))}`,
  },
  {
    why: 'the event counters that count nothing are there, as the manual asks; with pmu-num=0 QEMU has none',
    of: /^csrrs x12, mhpmcounter/,
    ours: () => 'x12=0',
  },
  {
    why: 'without S-mode there are no medeleg and mideleg',
    of: /^csrrs x12, 0x30[23], x0/,
    ours: (_, __, about) =>
      `cause=2 epc=${hex(BigInt(machine.code))} tval=${hex(BigInt(encode(about.split(' :')[0]!)))}`,
  },
  {
    why: 'the low two bits of mepc are zero where instructions are aligned to 32 bits (read)',
    of: /^csrrw x9, mepc, x10; csrrw x12/,
    ours: (qemu) => qemu.replace('x12=ffffffffffffffff', 'x12=fffffffffffffffc'),
  },
  {
    why: 'the low two bits of mepc are zero where instructions are aligned to 32 bits (return)',
    of: /^csrrw x0, mepc, x11; mret : x11=8020001[123]/,
    ours: () => 'at=80200010 mstatus=200000080',
  },
  {
    why: 'a reserved mode of mtvec becomes direct or vectored (WARL); QEMU ignores the write',
    of: /^csrrw x12, mtvec.*x10=\w*[23]$/,
    ours: (qemu, { x10 }) => qemu.replace(/x13=\w+/, `x13=${hex(x10! & ~2n)}`),
  },
  {
    why: 'a mode that does not exist cannot be written to MPP (WARL); QEMU keeps it',
    of: /^csrrw x0, mstatus, x10; .* : x10=(800|1000) /,
    ours: (qemu) => qemu.replace(/20000(0800|1000)/, '200000000'),
  },
  {
    why: 'MRET to U-mode clears MPRV (Privileged Architecture 1.12)',
    of: /^csrrw x0, mstatus, x10; csrrw x0, mepc, x11; mret : x10=20080/,
    ours: (qemu) => qemu.replace('mstatus=200020080', 'mstatus=200000080'),
  },
  {
    why: 'an external interrupt goes before a software interrupt; QEMU takes the lowest number',
    of: /^sw x7, 0\(x6\); sd x0, 0\(x8\).* x10=8[08]8 /,
    ours: (qemu) => qemu.replace('8000000000000003', '800000000000000b'),
  },
  {
    why: 'without S-mode there is no SFENCE.VMA',
    of: /^\.word 0x12000073/,
    ours: () => `cause=2 epc=${hex(BigInt(machine.code))} tval=12000073`,
  },
  {
    why: 'without C instructions are 32 bits long, and so is mtval for one that is illegal',
    of: /^\.word 0x12344501/,
    ours: (qemu) => withTval(qemu, 0x1234_4501n),
  },
];

const cases = [...goldens.values()]
  .flat()
  .flatMap((program) => program.cases.map((one) => ({ program, ...one })));
const about = ({ program, text }: { program: Program; text: string }) =>
  `${program.lines.join('; ')} : ${text}`;

describe.each([...goldens])('%s', (_, programs) => {
  test('is encoded as the assembler does', () => {
    const encoded = programs.map(({ lines }) => lines.map((line) => [line, encode(line)]));
    expect(encoded).toEqual(
      programs.map(({ lines, words }) => lines.map((line, index) => [line, words[index]])),
    );
  });

  test('does what QEMU does', () => {
    const said: string[] = [];
    const done: string[] = [];
    for (const { program, input, qemu, text } of cases.filter((one) => programs.includes(one.program))) {
      const name = about({ program, text });
      const known = differences.filter(({ of }) => of.test(name));
      said.push(`${name} -> ${known.reduce((outcome, { ours }) => ours(outcome, input, name), qemu)}`);
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
    return of.test(name) && ours(one.qemu, one.input, name) !== one.qemu;
  });
  expect(different.length).toBeGreaterThan(0);
});

test('every row of the table has a golden', () => {
  const covered = cases.flatMap(({ program: { words } }) => words.map((word) => decode(word)?.mnemonic));
  // Those of floating point stand in test/goldens/float.
  const here = instructions.filter(({ extension }) => extension !== 'F' && extension !== 'D');
  expect(here.filter(({ mnemonic }) => !covered.includes(mnemonic))).toEqual([]);
});
