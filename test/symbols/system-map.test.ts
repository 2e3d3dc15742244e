import { expect, test } from 'vitest';
import { OperatingError } from '../../src/base/errors.ts';
import { readSymbols } from '../../src/symbols/symbols.ts';

const read = (text: string, distance?: bigint) =>
  readSymbols(new TextEncoder().encode(text), 'System.map', distance);

const map = `ffffffff80000000 T _start
ffffffff80000000 t $xrv64i2p1
ffffffff80000040 t relocate_enable_mmu
ffffffff80000100 W weak_one
ffffffff80000100 T strong_one
ffffffff80001000 D jiffies
ffffffff80001000 A absolute
ffffffff80002000 B _end
`;

test('each symbol extends to the next, and the last one is its first byte', () => {
  const { table, lines, warnings } = read(map);
  expect({ lines, warnings, size: table.size }).toEqual({ lines: undefined, warnings: [], size: 7 });
  const at = (address: bigint) => {
    const found = table.at(address);
    return found && `${found.symbol.name}+${found.offset}`;
  };
  expect(at(0xffff_ffff_7fff_ffffn)).toBeUndefined();
  expect(at(0xffff_ffff_8000_003cn)).toBe('_start+60');
  expect(at(0xffff_ffff_8000_0040n)).toBe('relocate_enable_mmu+0');
  expect(at(0xffff_ffff_8000_0104n)).toBe('strong_one+4');
  expect(at(0xffff_ffff_8000_1008n)).toBe('jiffies+8');
  expect(at(0xffff_ffff_8000_2000n)).toBe('_end+0');
  expect(at(0xffff_ffff_8000_2001n)).toBeUndefined();
  expect(table.named('absolute')).toMatchObject({ kind: 'value', address: 0xffff_ffff_8000_1000n });
});

test('kinds and bindings', () => {
  const { table } = read('10 T a\n20 t b\n30 W c\n40 d e\n50 V f\n60 u g\n70 ? h\n80 N i\n');
  const kinds = [...'abcefghi'].map((name) => {
    const { kind, binding } = table.named(name)!;
    return `${name} ${kind} ${binding}`;
  });
  expect(kinds).toEqual(
    ['a function global', 'b function local', 'c function weak', 'e object local', 'f object weak'].concat([
      'g object global',
      'h label local',
      'i label global',
    ]),
  );
});

test('what nm and the kernel at run time write: modules, undefined symbols, CR LF, empty lines', () => {
  const { table } = read(
    '80000000 T _start\r\n\r\n                 U other\n                 w maybe\n80000010 t init\t[nbd]\n',
  );
  expect(table.addressOf('init')).toBe(0x8000_0010n);
  expect(table.named('other')).toBeUndefined();
  expect(table.size).toBe(2);
});

test('moved, as before the kernel has its own address space', () => {
  const symbols = read(map, 0x8020_0000n - 0xffff_ffff_8000_0000n);
  expect(symbols.describe(0x8020_0044n)).toEqual({
    address: 0x8020_0044n,
    symbol: 'relocate_enable_mmu',
    offset: 4,
  });
  expect(symbols.addressOf('_start')).toBe(0x8020_0000n);
});

test('another line is an error that says which', () => {
  expect(() => read(`${map}oops\n`)).toThrow(OperatingError);
  expect(() => read(`${map}oops\n`)).toThrow(
    /^'System.map', line 9: an address, a type and a name belong here, and it is 'oops'; take the System.map again/,
  );
  expect(() => read(`${map}fffff T\n`)).toThrow(/line 9/);
  expect(() => read(`${map}0123456789abcdef0 T x\n`)).toThrow(/line 9/);
});

test.each(['', 'hello world', 'T x', 'A program\n', '\0\0\0', 'ffff', '10 T'])(
  'is no System.map: %o',
  (text) => {
    expect(() => read(text)).toThrow(OperatingError);
    expect(() => read(text)).toThrow(
      /^'System.map' is neither an ELF file nor a System.map; give the program/,
    );
  },
);
