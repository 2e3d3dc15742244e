/** `vmft symbols`: the symbols of a kernel, from its file or from the memory of a recorded guest. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemMap } from '../../src/symbols/system-map.ts';
import { kallsymsTable } from '../symbols/kallsyms-writer.ts';
import { workplace } from './command.ts';

const { file, vmft } = workplace();

/** A raw kernel that runs in a circle at its first address, before its table. */
const START = 0x8020_0000n;
const LOOP = [0x6f, 0, 0, 0, 0, 0, 0, 0];
const symbols = [
  { address: START, type: 'T', name: '_start' },
  { address: START + 8n, type: 'D', name: 'kernel_table' },
  ...Array.from({ length: 300 }, (_, index) => ({
    address: START + 0x1000n + BigInt(index) * 64n,
    type: index % 3 === 0 ? 't' : 'T',
    name: `function_${index}`,
  })),
];
const layout = {
  addresses: 'last',
  isRelative: true,
  sequenceBytes: 3,
  parts: ['function_', '_st'],
} as const;

test('of a file and of a recording: as a System.map, and as an ELF file that names what is executed', async () => {
  writeFileSync(
    file('kernel.bin'),
    [...LOOP, ...kallsymsTable(symbols, layout)].map((byte) => String.fromCharCode(byte)).join(''),
    'latin1',
  );
  const printed = await vmft(['symbols', 'kernel.bin']);
  expect(printed).toEqual({
    code: 0,
    stdout: systemMap(symbols),
    stderr: '302 symbols of kernel.bin, from 0x80200000 on\n',
  });
  const over = await vmft(['symbols', 'kernel.bin', '-o', 'kernel.bin']);
  expect([over.code, over.stderr]).toEqual([2, expect.stringContaining('kernel.bin: this command reads it')]);
  const run = await vmft([
    'run',
    '--kernel',
    'kernel.bin',
    '--no-ft',
    '--max-steps',
    '1000',
    '--record',
    'kernel.log',
  ]);
  expect(run.stderr).toContain('stopped at --max-steps');
  const written = await vmft(['symbols', 'kernel.log', '--at', '10', '-o', 'kernel.elf']);
  expect(written).toEqual({
    code: 0,
    stdout: '',
    stderr: '302 symbols of kernel.log at step 10, from 0x80200000 on\n',
  });
  expect(readFileSync(file('kernel.elf')).subarray(1, 4).toString()).toBe('ELF');
  const traced = await vmft(['trace', 'kernel.log', '--symbols', 'kernel.elf', '--limit', '1']);
  expect([traced.code, traced.stdout]).toEqual([0, expect.stringMatching(/0x80200000 _start +j /)]);
});

test.each([
  [['hello'], 'hello: there is no symbol table of a Linux kernel in memory; give a recording of Linux'],
  [['hello', '--at', '10'], "--at: 'hello' is no recording, and has no positions"],
  [['hello', '--at', 'here'], 'a position is N, icount=N'],
  [['nothing.bin'], 'nothing.bin'],
])('%j is refused, and nothing is written', async (args, message) => {
  const { code, stdout, stderr } = await vmft(['symbols', ...args, '-o', 'refused.elf']);
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)]);
  expect(existsSync(file('refused.elf'))).toBe(false);
});
