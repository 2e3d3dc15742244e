import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ProgramSymbol, SymbolTable } from '../../src/symbols/symbol-table.ts';
import { examples } from '../thorough.ts';

const symbol = (name: string, address: number, more: Partial<ProgramSymbol> = {}): ProgramSymbol => ({
  ...{ name, address: BigInt(address), sizeBytes: 0, kind: 'function', binding: 'global' },
  ...more,
});

const table = (...symbols: ProgramSymbol[]) => new SymbolTable(symbols);

/** As `name+offset`. */
const textAt = (of: SymbolTable, address: number): string | undefined => {
  const found = of.at(BigInt(address));
  return found && `${found.symbol.name}+${found.offset}`;
};

describe('by address', () => {
  test('a symbol ends after its size', () => {
    const of = table(symbol('a', 16, { sizeBytes: 4 }), symbol('b', 32, { sizeBytes: 8 }));
    expect([15, 16, 19, 20, 31, 32, 39, 40].map((address) => textAt(of, address))).toEqual([
      undefined,
      'a+0',
      'a+3',
      undefined,
      undefined,
      'b+0',
      'b+7',
      undefined,
    ]);
  });

  test('its extent is found by its name, with a size and without', () => {
    const of = table(
      symbol('sized', 16, { sizeBytes: 4 }),
      symbol('label', 32),
      symbol('same place', 32),
      symbol('next', 40),
      symbol('number', 7, { kind: 'value' }),
    );
    expect(of.extentOf('sized')).toEqual({ start: 16n, end: 20n });
    for (const name of ['label', 'same place']) expect(of.extentOf(name)).toEqual({ start: 32n, end: 40n });
    for (const name of ['number', 'nothing']) expect(of.extentOf(name)).toBeUndefined();
  });

  test('one without a size extends to the next, and no further than its section', () => {
    const of = table(
      symbol('a', 16, { limit: 64n }),
      symbol('b', 24, { sizeBytes: 4, limit: 64n }),
      symbol('c', 40, { limit: 64n }),
      symbol('next section', 128),
    );
    expect([16, 23, 24, 27, 28, 40, 63, 64, 127].map((address) => textAt(of, address))).toEqual([
      'a+0',
      'a+7',
      'b+0',
      'b+3',
      undefined,
      'c+0',
      'c+23',
      undefined,
      undefined,
    ]);
  });

  test('the last of all, without a limit, is its first byte', () => {
    expect([128, 129].map((address) => textAt(table(symbol('last', 128)), address))).toEqual([
      'last+0',
      undefined,
    ]);
  });

  test('a label inside a function that gives its size is not the place', () => {
    const of = table(
      symbol('f', 16, { sizeBytes: 32 }),
      symbol('loop', 24, { kind: 'label', binding: 'local' }),
    );
    expect(textAt(of, 28)).toBe('f+12');
  });

  test('of nested ones the inner is the place', () => {
    const of = table(symbol('outer', 0, { sizeBytes: 100 }), symbol('inner', 20, { sizeBytes: 10 }));
    expect([19, 20, 29, 30].map((address) => textAt(of, address))).toEqual([
      'outer+19',
      'inner+0',
      'inner+9',
      'outer+30',
    ]);
  });

  test.each<[string, Partial<ProgramSymbol>, Partial<ProgramSymbol>]>([
    ['a function rather than an object', { kind: 'object' }, {}],
    ['an object rather than a label', { kind: 'label' }, { kind: 'object' }],
    ['a local function rather than a global label', { kind: 'label' }, { binding: 'local' }],
    ['a global one rather than a weak one', { binding: 'weak' }, {}],
    ['a weak one rather than a local one', { binding: 'local' }, { binding: 'weak' }],
  ])('at the same address %s, in any order, with sizes or without', (_, less, more) => {
    for (const size of [{}, { sizeBytes: 8 }]) {
      const both = [symbol('less', 16, { ...size, ...less }), symbol('more', 16, { ...size, ...more })];
      for (const order of [both, both.toReversed()]) expect(textAt(table(...order), 16)).toBe('more+0');
    }
  });

  test('of equals the first is preferred', () => {
    expect(textAt(table(symbol('first', 16), symbol('second', 16)), 16)).toBe('first+0');
  });

  test('values are no places', () => {
    const of = table(
      symbol('stack_size', 16, { kind: 'value', sizeBytes: 4 }),
      symbol('f', 8),
      symbol('g', 32),
    );
    expect(textAt(of, 16)).toBe('f+8');
    expect(of.named('stack_size')?.address).toBe(16n);
  });

  test.each(['$x', '$d', '$x.1', '$d.2', '$xrv64i2p1_m2p0', '.L4', '.LC0', '.L0 ', ''])(
    'mapping symbols and labels of the compiler are left out: %o',
    (name) => {
      const of = table(symbol(name, 20), symbol('f', 16, { limit: 64n }));
      expect(textAt(of, 24)).toBe('f+8');
      expect(of.named(name)).toBeUndefined();
      expect(of.size).toBe(1);
    },
  );

  test.each(['$', '$data', 'x', '$xylophone', 'a.L1', 'L1'])('others are not: %s', (name) => {
    expect(textAt(table(symbol(name, 16)), 16)).toBe(`${name}+0`);
  });

  test('as a search through all symbols finds it', () => {
    const kinds = ['value', 'label', 'object', 'function'] as const;
    const bindings = ['local', 'weak', 'global'] as const;
    const any = fc.record({
      address: fc.nat(60).map((address) => 0xffff_ffff_ffff_ff00n + BigInt(address)),
      sizeBytes: fc.oneof(fc.constant(0), fc.nat(30)),
      kind: fc.constantFrom(...kinds),
      binding: fc.constantFrom(...bindings),
      limit: fc.option(
        fc.nat(70).map((end) => 0xffff_ffff_ffff_ff00n + BigInt(end)),
        { nil: undefined },
      ),
    });
    const endOf = (one: ProgramSymbol, all: ProgramSymbol[]): bigint => {
      if (one.sizeBytes > 0) return one.address + BigInt(one.sizeBytes);
      const after = all.filter(({ kind, address }) => kind !== 'value' && address > one.address);
      const ends = [...after.map(({ address }) => address), ...(one.limit === undefined ? [] : [one.limit])];
      return ends.sort((a, b) => Number(a - b))[0] ?? one.address + 1n;
    };
    const expected = (all: ProgramSymbol[], address: bigint): ProgramSymbol | undefined => {
      const holding = all.filter(
        (one) => one.kind !== 'value' && one.address <= address && address < endOf(one, all),
      );
      const sized = holding.filter(({ sizeBytes }) => sizeBytes > 0);
      const better = (a: ProgramSymbol, b: ProgramSymbol) =>
        Number(b.address - a.address) ||
        kinds.indexOf(b.kind) - kinds.indexOf(a.kind) ||
        bindings.indexOf(b.binding) - bindings.indexOf(a.binding);
      return (sized.length > 0 ? sized : holding).toSorted(better)[0];
    };
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (drawn) => {
        const all = drawn.map(({ limit, ...rest }, index) => ({
          ...{ name: `s${index}`, ...rest },
          ...(limit !== undefined && { limit }),
        }));
        const of = new SymbolTable(all);
        for (let offset = 0; offset < 100; offset++) {
          const address = 0xffff_ffff_ffff_ff00n + BigInt(offset);
          const found = of.at(address);
          expect(found?.symbol).toEqual(expected(all, address));
          if (found) expect(found.offset).toBe(Number(address - found.symbol.address));
        }
      }),
      { numRuns: examples(400) },
    );
  });
});

describe('by name', () => {
  const of = table(
    symbol('main', 0x100),
    symbol('init', 0x200, { binding: 'local' }),
    symbol('init', 0x300),
    symbol('init', 0x400, { binding: 'weak' }),
    symbol('c++', 0x500),
    symbol('a+4', 0x600),
    symbol('a', 0x700),
  );

  test('of several the global one, and of local ones the first', () => {
    expect(of.named('init')?.address).toBe(0x300n);
    const local = table(symbol('x', 1, { binding: 'local' }), symbol('x', 2, { binding: 'local' }));
    expect(local.named('x')?.address).toBe(1n);
    expect(of.named('mai')).toBeUndefined();
    expect(of.named('constructor')).toBeUndefined();
  });

  test.each<[string, bigint | undefined]>([
    ['main', 0x100n],
    ['main+0x10', 0x110n],
    ['main + 0X1F', 0x11fn],
    ['main+10', 0x10an],
    ['main-4', 0xfcn],
    ['main-0x101', 2n ** 64n - 1n],
    ['main+0xffffffffffffffff', 0xffn],
    ['c++', 0x500n],
    ['c+++8', 0x508n],
    ['a+4', 0x600n],
    ['a+4+4', 0x604n],
    ['a+5', 0x705n],
    ['main+', undefined],
    ['main+x', undefined],
    ['main+0x', undefined],
    ['+4', undefined],
    ['none', undefined],
    ['none+4', undefined],
    ['', undefined],
  ])('%s', (text, address) => {
    expect(of.addressOf(text)).toBe(address);
  });
});
