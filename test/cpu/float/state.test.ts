/** The floating-point state: `mstatus.FS`, `fcsr` and its parts, and reserved rounding modes. */
import { beforeEach, describe, expect, test } from 'vitest';
import { assemble } from '../../../src/asm/assemble.ts';
import { CAUSE, MSTATUS } from '../../../src/cpu/csrs.ts';
import { makeHart } from '../../../src/cpu/engine.ts';
import { instructions } from '../../../src/cpu/instructions.ts';
import { RAM_BASE } from '../../../src/cpu/layout.ts';
import { execution } from '../../engine.ts';
import { noDevices } from '../no-devices.ts';

const hart = makeHart(2 ** 16, noDevices, execution);
const boot = hart.state;
const FS = { off: 0n, initial: 1n << 13n, clean: 2n << 13n, dirty: 3n << 13n };
const ONE = 0x3ff0_0000_0000_0000n;

beforeEach(() => {
  hart.state = { ...boot, mtvec: BigInt(RAM_BASE + 0x800) };
});

/** Runs instructions, one step each. */
function run(source: string): void {
  const { segments } = assemble(source, { file: 'test.s', origin: RAM_BASE });
  hart.write(RAM_BASE, segments[0]!.bytes);
  hart.set('pc', BigInt(RAM_BASE));
  hart.run(hart.icount + segments[0]!.bytes.length / 4);
}

const fs = () => hart.get('mstatus') & MSTATUS.FS;
const trapped = () => hart.get('mcause') === BigInt(CAUSE.illegalInstruction);

describe('mstatus.FS', () => {
  test('is off at reset', () => {
    expect(fs()).toBe(FS.off);
  });

  test.each(['fflags', 'frm', 'fcsr'])('off: %s can not be read or written', (csr) => {
    for (const access of [`csrr a0, ${csr}`, `csrwi ${csr}, 1`]) {
      hart.state = { ...boot, mtvec: BigInt(RAM_BASE + 0x800), fcsr: 0xe0n };
      run(access);
      expect([trapped(), hart.get('fcsr'), fs()]).toEqual([true, 0xe0n, FS.off]);
    }
  });

  test.each([
    ['fadd.d fa0, fa1, fa1', FS.dirty],
    ['fmv.w.x fa0, zero', FS.dirty],
    ['csrwi fflags, 0', FS.dirty],
    ['csrsi frm, 1', FS.dirty],
    // An instruction that raises a flag changes `fcsr`, whatever it writes.
    ['fcvt.w.d a0, fa2', FS.dirty],
    ['fcvt.w.d a0, fa1', FS.clean],
    ['feq.d a0, fa1, fa1', FS.clean],
    ['fmv.x.d a0, fa1', FS.clean],
    ['csrr a0, fcsr', FS.clean],
    ['csrsi fflags, 0', FS.clean],
  ])('clean, after %s', (source, after) => {
    for (const name of ['f11', 'f12'] as const) hart.set(name, ONE + (name === 'f12' ? 1n : 0n));
    hart.set('mstatus', FS.clean);
    run(source);
    expect([trapped(), fs()]).toEqual([false, after]);
  });

  test('a load that traps leaves the state clean', () => {
    hart.set('mstatus', FS.clean);
    run('fld fa0, 0(zero)');
    expect([hart.get('mcause'), fs()]).toEqual([BigInt(CAUSE.loadFault), FS.clean]);
  });

  test.each(['mstatus', 'sstatus'])('%s shows SD when it is dirty, and takes FS but not SD', (csr) => {
    for (const state of Object.values(FS)) {
      hart.state = { ...boot, x10: state | MSTATUS.SD };
      run(`csrw ${csr}, a0\ncsrr a1, ${csr}`);
      expect(fs()).toBe(state);
      expect(hart.get('x11') & (MSTATUS.FS | MSTATUS.SD)).toBe(
        state | (state === FS.dirty ? MSTATUS.SD : 0n),
      );
      expect(hart.get('mstatus') & MSTATUS.SD).toBe(0n);
    }
  });
});

describe('fcsr', () => {
  beforeEach(() => hart.set('mstatus', FS.dirty));

  test('holds fflags and frm, and no other bits', () => {
    hart.set('x10', 2n ** 64n - 1n);
    run('csrw fcsr, a0\ncsrr a1, fcsr\ncsrr a2, fflags\ncsrr a3, frm');
    expect(['x11', 'x12', 'x13'].map((x) => hart.get(x as 'x11'))).toEqual([0xffn, 0x1fn, 7n]);
    run('csrw fflags, zero\ncsrr a1, fcsr\ncsrw fflags, a0\ncsrw frm, zero\ncsrr a2, fcsr');
    expect([hart.get('x11'), hart.get('x12')]).toEqual([0xe0n, 0x1fn]);
  });

  test('flags stay until they are cleared', () => {
    hart.set('f11', ONE);
    run('fdiv.d fa0, fa1, ft0\nfadd.d fa0, fa1, fa1\nfsqrt.s fa2, fa1\ncsrr a0, fflags');
    expect(hart.get('x10')).toBe(0x08n);
  });

  test.each(['fmadd', 'fmsub', 'fnmadd', 'fnmsub'])(
    '%s: 0 · ∞ is invalid even when a quiet NaN is added',
    (name) => {
      const infinities = { d: 0x7ffn << 52n, s: 0xffff_ffff_7f80_0000n };
      for (const [format, infinity] of Object.entries(infinities)) {
        hart.state = { ...hart.state, fcsr: 0n, f11: infinity, f12: 0x7ff8_0000_0000_0000n };
        hart.set('f10', format === 'd' ? 0n : 0xffff_ffff_0000_0000n);
        run(`${name}.${format} fa3, fa0, fa1, fa2`);
        expect(hart.get('fcsr')).toBe(0x10n);
      }
    },
  );

  const rounding = instructions.filter(
    ({ format, extension }) => /Round|R4|Exact/.test(format) && /[FD]/.test(extension),
  );
  test.each(rounding.map((row) => [row.mnemonic, row] as const))(
    '%s is illegal with a reserved mode',
    (_, { match }) => {
      const illegal = (rm: number, frm: number) => {
        hart.state = { ...boot, mtvec: BigInt(RAM_BASE + 0x800), mstatus: FS.dirty, fcsr: BigInt(frm << 5) };
        run(`.word ${(match | (rm << 12)) >>> 0}`);
        return trapped();
      };
      const modes = [0, 1, 2, 3, 4, 5, 6, 7];
      expect(modes.filter((rm) => illegal(rm, 0))).toEqual([5, 6]);
      expect(modes.filter((frm) => illegal(7, frm))).toEqual([5, 6, 7]);
      expect(modes.filter((frm) => illegal(1, frm))).toEqual([]);
    },
  );
});
