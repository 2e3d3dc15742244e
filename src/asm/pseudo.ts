/**
 * Pseudo-instructions and their expansions. Source: RISC-V Assembly Programmer's Manual, "Pseudoinstructions", and GNU
 * as where it accepts more. `li` and `la` of a number depend on the value and are in `encode.ts`.
 *
 * Operands are `rd`, `rs`, `rt` (registers), `fd`, `fs`, `ft` (floating-point registers), `imm`, `csr`, `target` (of a
 * jump), `symbol` (an address that is near) and `address` (the same, or a number). `here` is the address of the first
 * of the instructions.
 */
import { instructions } from '../cpu/instructions.ts';
import { compressed } from '../cpu/table/compressed.ts';

/** A pseudo-instruction and its expansion. */
export interface Pseudo {
  mnemonic: string;
  /** In the form of {@link Format.syntax}. */
  syntax: string;
  instructions: readonly string[];
}

const parse = (table: string): Pseudo[] =>
  table
    .trim()
    .split(/\n+/)
    .map((row) => {
      const [written, body] = row.split('=');
      const [mnemonic, ...syntax] = written!.trim().split(' ');
      return {
        mnemonic: mnemonic!,
        syntax: syntax.join(' ').trim(),
        instructions: body!.split(';').map((instruction) => instruction.trim()),
      };
    });

/** Reading, writing and exchanging the parts of `fcsr`. */
const floatCsrs = (csr: string, name: string): string => `
fr${name} rd = csrrs rd, ${csr}, x0
fs${name} rs = csrrw x0, ${csr}, rs
fs${name} rd, rs = csrrw rd, ${csr}, rs`;

const signOperations = (letter: string): string => `
fmv.${letter} fd, fs = fsgnj.${letter} fd, fs, fs
fneg.${letter} fd, fs = fsgnjn.${letter} fd, fs, fs
fabs.${letter} fd, fs = fsgnjx.${letter} fd, fs, fs`;

/** Aliases of single instructions. The disassembler prints the first that matches. */
export const aliases = parse(`
nop                 = addi x0, x0, 0
li rd, imm          = addi rd, x0, imm
mv rd, rs           = addi rd, rs, 0
not rd, rs          = xori rd, rs, -1
neg rd, rs          = sub rd, x0, rs
negw rd, rs         = subw rd, x0, rs
sext.w rd, rs       = addiw rd, rs, 0
zext.b rd, rs       = andi rd, rs, 255
zext.w rd, rs       = add.uw rd, rs, x0
seqz rd, rs         = sltiu rd, rs, 1
snez rd, rs         = sltu rd, x0, rs
sltz rd, rs         = slt rd, rs, x0
sgtz rd, rs         = slt rd, x0, rs
beqz rs, target     = beq rs, x0, target
bnez rs, target     = bne rs, x0, target
blez rs, target     = bge x0, rs, target
bgez rs, target     = bge rs, x0, target
bltz rs, target     = blt rs, x0, target
bgtz rs, target     = blt x0, rs, target
j target            = jal x0, target
jal target          = jal x1, target
ret                 = jalr x0, 0(x1)
jr rs               = jalr x0, 0(rs)
jr imm(rs)          = jalr x0, imm(rs)
jalr rs             = jalr x1, 0(rs)
jalr imm(rs)        = jalr x1, imm(rs)
unimp               = csrrw x0, cycle, x0
rdcycle rd          = csrrs rd, cycle, x0
rdtime rd           = csrrs rd, time, x0
rdinstret rd        = csrrs rd, instret, x0
${floatCsrs('fcsr', 'csr')}
${floatCsrs('frm', 'rm')}
fsrmi rd, imm       = csrrwi rd, frm, imm
fsrmi imm           = csrrwi x0, frm, imm
${floatCsrs('fflags', 'flags')}
fsflagsi rd, imm    = csrrwi rd, fflags, imm
fsflagsi imm        = csrrwi x0, fflags, imm
csrr rd, csr        = csrrs rd, csr, x0
csrw csr, rs        = csrrw x0, csr, rs
csrs csr, rs        = csrrs x0, csr, rs
csrc csr, rs        = csrrc x0, csr, rs
csrwi csr, imm      = csrrwi x0, csr, imm
csrsi csr, imm      = csrrsi x0, csr, imm
csrci csr, imm      = csrrci x0, csr, imm
fence               = fence iorw, iorw
pause               = fence w, 0
${['s', 'd'].map(signOperations).join('\n')}
`);

/** Mnemonics for single words that their row does not distinguish. */
export const words: readonly { mnemonic: string; word: number }[] = [
  // A fence with fm = 1000, which this machine treats as the stronger plain fence.
  { mnemonic: 'fence.tso', word: 0x8330000f },
  // The parcel that is defined to be illegal.
  { mnemonic: 'c.unimp', word: 0x0000 },
];

const longer = parse(`
move rd, rs           = mv rd, rs
sgt rd, rs, rt        = slt rd, rt, rs
sgtu rd, rs, rt       = sltu rd, rt, rs
bgt rs, rt, target    = blt rt, rs, target
ble rs, rt, target    = bge rt, rs, target
bgtu rs, rt, target   = bltu rt, rs, target
bleu rs, rt, target   = bgeu rt, rs, target
fmv.x.s rd, fs        = fmv.x.w rd, fs
fmv.s.x fd, rs        = fmv.w.x fd, rs
fgt.s rd, fs, ft      = flt.s rd, ft, fs
fge.s rd, fs, ft      = fle.s rd, ft, fs
fgt.d rd, fs, ft      = flt.d rd, ft, fs
fge.d rd, fs, ft      = fle.d rd, ft, fs
frsr rd               = frcsr rd
fssr rs               = fscsr rs
fssr rd, rs           = fscsr rd, rs
scall                 = ecall
c.nop                 = c.addi x0, 0
c.nop imm             = c.addi x0, imm
sbreak                = ebreak
add rd, rs, imm       = addi rd, rs, imm
addw rd, rs, imm      = addiw rd, rs, imm
and rd, rs, imm       = andi rd, rs, imm
or rd, rs, imm        = ori rd, rs, imm
xor rd, rs, imm       = xori rd, rs, imm
slt rd, rs, imm       = slti rd, rs, imm
sltu rd, rs, imm      = sltiu rd, rs, imm
sll rd, rs, imm       = slli rd, rs, imm
srl rd, rs, imm       = srli rd, rs, imm
sra rd, rs, imm       = srai rd, rs, imm
sllw rd, rs, imm      = slliw rd, rs, imm
srlw rd, rs, imm      = srliw rd, rs, imm
sraw rd, rs, imm      = sraiw rd, rs, imm
ror rd, rs, imm       = rori rd, rs, imm
rorw rd, rs, imm      = roriw rd, rs, imm
bclr rd, rs, imm      = bclri rd, rs, imm
bext rd, rs, imm      = bexti rd, rs, imm
binv rd, rs, imm      = binvi rd, rs, imm
bset rd, rs, imm      = bseti rd, rs, imm
jalr rd, rs           = jalr rd, 0(rs)
jalr rd, rs, imm      = jalr rd, imm(rs)
jr rs, imm            = jalr x0, imm(rs)
csrw csr, imm         = csrwi csr, imm
csrs csr, imm         = csrsi csr, imm
csrc csr, imm         = csrci csr, imm
csrrw rd, csr, imm    = csrrwi rd, csr, imm
csrrs rd, csr, imm    = csrrsi rd, csr, imm
csrrc rd, csr, imm    = csrrci rd, csr, imm
lla rd, address       = auipc rd, %pcrel_hi(address); addi rd, rd, %pcrel_lo(here)
call address          = auipc x1, %pcrel_hi(address); jalr x1, %pcrel_lo(here)(x1)
call rd, address      = auipc x6, %pcrel_hi(address); jalr rd, %pcrel_lo(here)(x6)
tail address          = auipc x6, %pcrel_hi(address); jalr x0, %pcrel_lo(here)(x6)
jump address, rt      = auipc rt, %pcrel_hi(address); jalr x0, %pcrel_lo(here)(rt)
sfence.vma            = sfence.vma x0, x0
sfence.vma rs         = sfence.vma rs, x0
`);

/**
 * Loads and stores of a symbol: `lw rd, symbol`, `sw rs, symbol, rt`, `flw fd, symbol, rt` and `fsw fs, symbol, rt`.
 */
const memory = instructions.flatMap(({ mnemonic, format }) => {
  const register = { S: 'rs', FLoad: 'fd', FStore: 'fs' }[format as string];
  if (register)
    return parse(
      `${mnemonic} ${register}, symbol, rt = auipc rt, %pcrel_hi(symbol); ${mnemonic} ${register}, %pcrel_lo(here)(rt)`,
    );
  if (format === 'L' && mnemonic !== 'jalr')
    return parse(`${mnemonic} rd, symbol = auipc rd, %pcrel_hi(symbol); ${mnemonic} rd, %pcrel_lo(here)(rd)`);
  return [];
});

const known = new Set([...instructions, ...compressed, ...aliases].map(({ mnemonic }) => mnemonic));

/** All pseudo-instructions whose expansion this machine has. */
export const pseudos: readonly Pseudo[] = [...aliases, ...longer, ...memory].filter((pseudo) =>
  pseudo.instructions.every((instruction) => known.has(instruction.split(' ')[0]!)),
);
