/**
 * The registers that gdb sees, by gdb's numbers, and their description. Source: GDB manual, "Target Descriptions" and
 * "RISC-V Features"; the numbers are those of gdb itself (gdb/riscv-tdep.h).
 */
import { csrs } from '../../cpu/csrs.ts';
import type { HartWord } from '../../cpu/layout.ts';
import { abiNames, floatAbiNames } from '../../cpu/registers.ts';
import type { Machine } from '../../vmm/machine.ts';
import { csrValue } from '../csr-values.ts';

/** gdb's number of a register. */
export const REGISTER = { sp: 2, fp: 8, pc: 32, firstFloat: 33, firstCsr: 65, privilege: 4161 } as const;

/** The integer registers and `pc`: what the `g` packet has. The others are read one by one. */
export const GENERAL_REGISTERS = 33;

const csrByNumber = new Map(csrs.map((csr) => [csr.number, csr]));

/** The value of a register of 64 bits; undefined when there is none with this number. */
export function registerValue(machine: Machine, number: number): bigint | undefined {
  const { hart } = machine;
  if (number < REGISTER.pc) return hart.get(`x${number}` as HartWord);
  if (number === REGISTER.pc) return hart.get('pc');
  if (number < REGISTER.firstCsr) return hart.get(`f${number - REGISTER.firstFloat}` as HartWord);
  if (number === REGISTER.privilege) return hart.get('privilege');
  const csr = csrByNumber.get(number - REGISTER.firstCsr);
  return csr && csrValue(machine, csr);
}

const register = (name: string, number: number, type = 'int', extra = ''): string =>
  `<reg name="${name}" bitsize="64" type="${type}" regnum="${number}"${extra}/>`;

const feature = (name: string, lines: readonly string[]): string =>
  `<feature name="org.gnu.gdb.riscv.${name}">\n${lines.join('\n')}\n</feature>`;

const integerType = (name: string): string =>
  name === 'ra' ? 'code_ptr' : ['sp', 'gp', 'tp', 's0'].includes(name) ? 'data_ptr' : 'int';

/** The target description: `target.xml`. */
export const targetDescription = `<?xml version="1.0"?>
<!DOCTYPE target SYSTEM "gdb-target.dtd">
<target version="1.0">
<architecture>riscv:rv64</architecture>
${feature('cpu', [
  ...abiNames.map((name, index) => register(name === 's0' ? 'fp' : name, index, integerType(name))),
  register('pc', REGISTER.pc, 'code_ptr'),
])}
${feature('fpu', [
  '<union id="riscv_double"><field name="float" type="ieee_single"/><field name="double" type="ieee_double"/></union>',
  ...floatAbiNames.map((name, index) => register(name, REGISTER.firstFloat + index, 'riscv_double')),
])}
${feature(
  'csr',
  csrs.map(({ name, number }) => register(name, REGISTER.firstCsr + number, 'int', ' group="csr"')),
)}
${feature('virtual', [register('priv', REGISTER.privilege)])}
</target>
`;
