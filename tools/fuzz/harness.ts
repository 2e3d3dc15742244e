/**
 * The program that runs cases in sequence, on QEMU and on this machine: it sets the arena, the registers and the CSRs
 * as the case defines them, jumps to its instructions, logs every trap to machine mode and resumes after the
 * instruction, and in the end writes the result. In assembly, for this project's assembler.
 */
import { assemble } from '../../src/asm/assemble.ts';
import { csrs, MSTATUS } from '../../src/cpu/csrs.ts';
import {
  ARENA,
  ARENA_BYTES,
  CODE,
  caseFields,
  caseWord,
  DATA,
  FINISHER,
  givenCsrs,
  HARNESS,
  resultFields,
  resultWord,
  SAVE,
  SUPERVISOR_HANDLER,
  saveWords,
  shownCsrs,
  TEMPLATE,
  TRAP_WORDS,
} from './layout.ts';

const lines = (count: number, line: (index: number) => string, from = 0): string =>
  Array.from({ length: count }, (_, index) => line(from + index)).join('\n');
const save = (name: keyof typeof saveWords, base: string): string => `${8 * saveWords[name]}(${base})`;
const given = (name: string): string => `${8 * caseWord.get(name)!}(a0)`;
const shown = (name: string): string => `${8 * resultWord.get(name)!}(a1)`;

/** The bits of a CSR that both machines have. */
function shownBits(name: string): bigint {
  const access = csrs.find((row) => row.name === name)!.access;
  if (access.is === 'status') return access.readable;
  if (access.is === 'mip') return 0x222n;
  return 2n ** 64n - 1n;
}

/** Skips a CSR that has the value already: writing a PMP entry flushes QEMU's TLB. */
const setCsr = (name: string): string => `
    ld t0, ${given(name)}
    csrr t1, ${name}
    beq t0, t1, 1f
    csrw ${name}, t0
1:`;

const start = `
    csrr t0, mhartid
    beqz t0, next
parked:
    wfi
    j parked
`;

const next = `
next:
    li s0, ${SAVE}
    ld t0, ${save('left', 's0')}
    beqz t0, done
    ld a0, ${save('input', 's0')}
    ld a1, ${save('output', 's0')}
    addi t0, a1, ${8 * resultFields.length}
    sd t0, ${save('log', 's0')}
    ld t0, ${given('traps')}
    sd t0, ${save('trapsLeft', 's0')}
    csrw mscratch, s0
    la t0, handler
    csrw mtvec, t0
    li t0, -1
    csrw stimecmp, t0
    li t1, 0x2004000
    sd t0, 0(t1)
    # The words of the case.
    ld t0, ${given('pokes')}
    addi a2, a0, ${8 * caseFields.length}
poke:
    beqz t0, poked
    ld t1, 0(a2)
    ld t2, 8(a2)
    sd t2, 0(t1)
    addi a2, a2, 16
    addi t0, t0, -1
    j poke
poked:
    sd a2, ${save('input', 's0')}
    csrw pmpcfg0, x0
    csrw pmpcfg2, x0
    # With STCE STIP could not be written.
    csrw menvcfg, x0
    # A case may have changed UXL, which QEMU lets it.
    li t0, ${MSTATUS.MPP | MSTATUS.UXL_64}
    csrw mstatus, t0
    csrw satp, x0
${givenCsrs
  .filter((name) => name !== 'mstatus')
  .map(setCsr)
  .join('')}
    li t0, 0x6000
    csrs mstatus, t0
${lines(32, (n) => `    fld f${n}, ${given(`f${n}`)}`)}
    ld t0, ${given('fcsr')}
    csrw fcsr, t0
    # Nothing is reserved.
    addi t1, s0, ${8 * saveWords.reserved}
    sc.w x0, x0, (t1)
    ld t0, ${given('mstatus')}
    csrw mstatus, t0
    sfence.vma
    fence.i
    mv x31, a0
${lines(30, (n) => `    ld x${n}, ${8 * caseWord.get(`x${n}`)!}(x31)`, 1)}
    ld x31, ${8 * caseWord.get('x31')!}(x31)
    mret
`;

/** Loads `SAVE` in two instructions that need no other register. */
const loadSave = (register: string): string => `    lui ${register}, ${SAVE / 0x2000}
    slli ${register}, ${register}, 1`;

const handler = `
    .balign 4
handler:
    csrrw x31, mscratch, x31
    # Of the bits of SAVE mstatus has only that of MPRV: from here on stores are machine mode's own.
    csrrc x31, mstatus, x31
    slli x31, x31, 46
    bltz x31, 1f
${loadSave('x31')}
    sd x0, ${save('mprv', 'x31')}
    j 2f
1:
${loadSave('x31')}
    sd x31, ${save('mprv', 'x31')}
2:
${lines(30, (n) => `    sd x${n}, ${8 * n}(x31)`, 1)}
    csrrw x1, mscratch, x31
    sd x1, ${8 * 31}(x31)
    # A reservation does not outlive a trap on QEMU.
    addi x1, x31, ${8 * saveWords.reserved}
    sc.w x0, x0, (x1)
    csrr x3, mcause
    csrr x4, mepc
    csrr x5, mtval
    csrr x6, mstatus
    ld x7, ${save('mprv', 'x31')}
    beqz x7, 1f
    li x7, ${MSTATUS.MPRV}
    or x6, x6, x7
1:
    ld x2, ${save('log', 'x31')}
    sd x3, 0(x2)
    sd x4, 8(x2)
    sd x5, 16(x2)
    sd x6, 24(x2)
    addi x2, x2, ${8 * TRAP_WORDS}
    sd x2, ${save('log', 'x31')}
    ld x2, ${save('trapsLeft', 'x31')}
    addi x2, x2, -1
    sd x2, ${save('trapsLeft', 'x31')}
    beqz x2, finish
    # An interrupt comes once.
    bgez x3, 1f
    csrw mie, x0
    j resume
1:
    # What cannot be fetched, and EBREAK, is the end.
    beqz x3, finish
    addi x7, x3, -1
    beqz x7, finish
    addi x7, x3, -3
    beqz x7, finish
    addi x7, x3, -12
    beqz x7, finish
    addi x4, x4, 4
    addi x7, x3, -2
    bnez x7, 1f
    # mtval holds an illegal instruction, and so its length.
    andi x7, x5, 3
    addi x7, x7, -3
    beqz x7, 1f
    addi x4, x4, -2
1:
    csrw mepc, x4
resume:
    # MPRV goes on only in machine mode.
    ld x7, ${save('mprv', 'x31')}
    beqz x7, 1f
    li x7, ${MSTATUS.MPP}
    and x6, x6, x7
    bne x6, x7, 1f
    li x7, ${MSTATUS.MPRV}
    csrs mstatus, x7
1:
${lines(30, (n) => `    ld x${n}, ${8 * n}(x31)`, 1)}
    ld x31, ${8 * 31}(x31)
    mret
`;

const showCsr = (name: string): string => {
  const bits = shownBits(name);
  const mask = bits === 2n ** 64n - 1n ? '' : `\n    li t1, ${bits}\n    and t0, t0, t1`;
  return `    csrr t0, ${name}${mask}\n    sd t0, ${shown(name)}`;
};

const finish = `
finish:
    mv s0, x31
    ld a1, ${save('output', 's0')}
${shownCsrs.map(showCsr).join('\n')}
${lines(31, (n) => `    ld t0, ${8 * n}(s0)\n    sd t0, ${shown(`x${n}`)}`, 1)}
    li t0, 0x6000
    csrs mstatus, t0
    csrr t0, fcsr
    sd t0, ${shown('fcsr')}
${lines(32, (n) => `    fsd f${n}, ${shown(`f${n}`)}`)}
    # What protects the arena from machine mode is over.
    csrw pmpcfg0, x0
    csrw pmpcfg2, x0
    # How many traps there were.
    ld a2, ${save('log', 's0')}
    sub t0, a2, a1
    addi t0, t0, -${8 * resultFields.length}
    srli t0, t0, ${Math.log2(8 * TRAP_WORDS)}
    sd t0, ${shown('traps')}
    # What is not as in the template, which is put back.
    li s1, ${ARENA}
    li s2, ${TEMPLATE}
    li s3, ${ARENA + ARENA_BYTES}
    li s4, ${ARENA}
compare:
${lines(
  8,
  (n) => `    ld t0, ${8 * n}(s1)
    ld t1, ${8 * n}(s2)
    bne t0, t1, changed${n}
same${n}:`,
)}
    addi s1, s1, 64
    addi s2, s2, 64
    bltu s1, s3, compare
    sub t0, a2, a1
    srli t0, t0, 3
    sd t0, ${shown('words')}
    sd a2, ${save('output', 's0')}
    ld t0, ${save('left', 's0')}
    addi t0, t0, -1
    sd t0, ${save('left', 's0')}
    j next
${lines(
  8,
  (n) => `changed${n}:
    addi t2, s1, ${8 * n}
    sub t3, t2, s4
    sd t3, 0(a2)
    sd t0, 8(a2)
    addi a2, a2, 16
    sd t1, 0(t2)
    j same${n}`,
)}
done:
    li t0, ${FINISHER}
    li t1, 0x5555
    sw t1, 0(t0)
1:
    j 1b
`;

/** Traps to supervisor mode after which a case ends: one that runs through zeros has one at each. */
const SUPERVISOR_TRAPS_MAX = 40;

/**
 * Supervisor mode's handler: mixes the trap's CSRs into x28 and resumes after the instruction, or ends the case. x30
 * counts the traps, x29 is scratch.
 */
const supervisorHandler = `
    addi x30, x30, 1
    sltiu x29, x30, ${SUPERVISOR_TRAPS_MAX}
    beqz x29, 3f
    slli x28, x28, 5
    csrr x29, scause
    xor x28, x28, x29
    csrr x29, stval
    xor x28, x28, x29
    csrr x29, sstatus
    slli x29, x29, 7
    xor x28, x28, x29
    csrr x29, scause
    bltz x29, 2f
    addi x29, x29, -1
    beqz x29, 3f
    addi x29, x29, -11
    beqz x29, 3f
    csrr x29, sepc
    xor x28, x28, x29
    addi x29, x29, 4
    csrw sepc, x29
    sret
3:
    ebreak
2:
    csrw sie, x0
    sret
    ebreak
`;

/** Interesting data words. */
const dataWords = [
  0n,
  1n,
  2n ** 64n - 1n,
  2n ** 63n,
  2n ** 63n - 1n,
  0x8000_0000n,
  0x7fff_ffffn,
  BigInt(DATA),
  BigInt(CODE),
  // Floats: one, infinities, NaNs quiet and signaling, the smallest; two singles boxed and not.
  0x3ff0_0000_0000_0000n,
  0x7ff0_0000_0000_0000n,
  0xfff8_0000_0000_0000n,
  0x7ff0_0000_0000_0001n,
  1n << 52n,
  0xffff_ffff_3f80_0000n,
  0x0000_0000_7f80_0001n,
];

export interface Harness {
  /** The content of RAM from {@link HARNESS} on when the harness starts. */
  image: Uint8Array;
  /** The addresses where it takes the next case, and where a case ends. */
  next: bigint;
  finish: bigint;
}

export function makeHarness(): Harness {
  const program = assemble(start + next + handler + finish, { file: 'harness.s', origin: HARNESS });
  const trapHandler = assemble(supervisorHandler, { file: 'supervisor.s', origin: SUPERVISOR_HANDLER });
  const image = new Uint8Array(TEMPLATE + ARENA_BYTES - HARNESS);
  const put = (address: number, bytes: Uint8Array) => image.set(bytes, address - HARNESS);
  for (const { address, bytes } of program.segments) put(address, bytes);
  const template = new BigUint64Array(ARENA_BYTES / 8);
  // The program is followed by EBREAKs.
  template.fill(0x0010_0073_0010_0073n, 0, (DATA - CODE) / 8);
  template.set(dataWords, (DATA - ARENA) / 8);
  put(TEMPLATE, new Uint8Array(template.buffer));
  for (const { address, bytes } of trapHandler.segments) put(TEMPLATE + address - ARENA, bytes);
  const at = (name: string) => program.symbols.get(name)!;
  return { image, next: at('next'), finish: at('finish') };
}
