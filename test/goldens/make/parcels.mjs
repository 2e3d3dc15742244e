/**
 * Makes test/goldens/parcels.txt: what binutils make of all 16-bit parcels. By hand, with binutils 2.40 for
 * riscv64-unknown-elf on the PATH:
 *
 *     node test/goldens/make/parcels.mjs
 *
 * A line for each mnemonic: how many parcels there are of it, a hash over all parcels with their texts as objdump shows them, a
 * hash over all parcels with the 32-bit instructions that they stand for, and one parcel with both. The latter are the words that
 * GNU as makes of the texts, turned into 32-bit instructions by the rules below; 0 for what is none.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Every parcel that isn't the beginning of a longer instruction. */
export const parcels = Array.from({ length: 0x10000 }, (_, parcel) => parcel).filter(
  (parcel) => (parcel & 3) !== 3,
);

const hex = (/** @type {number} */ value, /** @type {number} */ digits) =>
  value.toString(16).padStart(digits, '0');

/**
 * The line of a mnemonic.
 *
 * @param {string} mnemonic
 * @param {{ parcel: number, text: string, word: number }[]} all its parcels in order
 */
export function summary(mnemonic, all) {
  const hash = (/** @type {string[]} */ lines) =>
    createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
  const texts = hash(all.map(({ parcel, text }) => `${hex(parcel, 4)} ${text}`));
  const words = hash(all.map(({ parcel, word }) => `${hex(parcel, 4)} ${hex(word, 8)}`));
  const { parcel, text, word } = all[all.length >> 1] ?? { parcel: 0, text: '', word: 0 };
  return `${mnemonic} ${all.length} ${texts} ${words}  ${hex(parcel, 4)} ${hex(word, 8)} ${text}`;
}

/** @param {{ parcel: number, text: string, word: number }[]} all in the order of the parcels */
export function summaries(all) {
  const mnemonics = [...new Set(all.map(({ text }) => text.split(' ')[0] ?? ''))].sort();
  return mnemonics.map((mnemonic) =>
    summary(
      mnemonic,
      all.filter(({ text }) => text.split(' ')[0] === mnemonic),
    ),
  );
}

/** The 32-bit instruction that does the same as a compressed one, from its text. */
function longText(/** @type {string} */ text) {
  const [name = '', ...operands] = text.replace(/^c\./, '').split(/ |, /);
  const [a, b] = operands;
  switch (name) {
    case 'addi4spn':
      return `addi ${operands.join(', ')}`;
    case 'addi16sp':
      // The manual reserves the 0 that objdump shows.
      return b === '0' ? undefined : `addi sp, sp, ${b}`;
    case 'li':
      return `addi ${a}, zero, ${b}`;
    case 'lui':
      return `lui ${a}, ${b}`;
    case 'mv':
      return `add ${a}, zero, ${b}`;
    case 'slli64':
    case 'srli64':
    case 'srai64':
      return `${name.slice(0, 4)} ${a}, ${a}, 0`;
    case 'j':
      return `jal zero, ${a}`;
    case 'beqz':
    case 'bnez':
      return `${name.slice(0, 3)} ${a}, zero, ${b}`;
    case 'jr':
      return `jalr zero, 0(${a})`;
    case 'jalr':
      return `jalr ra, 0(${a})`;
    case 'ebreak':
      return name;
    case 'unimp':
    case '.half':
      return undefined;
    default:
      return /sp$/.test(name) || /^f?[ls][wd]$/.test(name)
        ? `${name.replace(/sp$/, '')} ${a}, ${b}`
        : `${name} ${a}, ${a}, ${b}`;
  }
}

function main() {
  const work = mkdtempSync(join(tmpdir(), 'parcels-'));
  const path = (/** @type {string} */ name) => join(work, name);
  const run = (/** @type {string} */ tool, /** @type {string[]} */ ...args) =>
    execFileSync(`riscv64-unknown-elf-${tool}`, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });

  writeFileSync(path('parcels.bin'), new Uint8Array(Uint16Array.from(parcels).buffer));
  const shown = run(
    'objdump',
    '-D',
    '-b',
    'binary',
    '-m',
    'riscv:rv64',
    '-M',
    'no-aliases',
    '-z',
    path('parcels.bin'),
  );
  const texts = [...shown.matchAll(/^ *(\w+):\t(\w{4}) +\t(.*)$/gm)].map(
    ([, at = '', parcel = '', rest = '']) => {
      const [mnemonic = '', operands = ''] = rest
        .replace('.2byte', '.half')
        .replace(/ *[<#].*/, '')
        .split('\t');
      const target = (/** @type {string} */ address) => {
        const distance = (Number.parseInt(address, 16) | 0) - Number.parseInt(at, 16);
        return `.${distance < 0 ? '' : '+'}${distance}`;
      };
      const isTransfer = ['c.j', 'c.beqz', 'c.bnez'].includes(mnemonic);
      const plain = isTransfer
        ? operands.replace(/(0x)?[\da-f]+$/, (address) => target(address.replace(/^0x/, '').slice(-8)))
        : operands.replace(/0x[\da-f]+/g, (number) => String(Number(number)));
      return {
        parcel: Number.parseInt(parcel, 16),
        text: `${mnemonic} ${plain.replaceAll(',', ', ')}`.trim(),
      };
    },
  );
  if (texts.some(({ parcel }, index) => parcel !== parcels[index])) throw new Error('objdump skips parcels');

  const long = texts.map(({ text }) => longText(text) ?? '.word 0');
  writeFileSync(path('long.s'), `.option norvc\n${long.join('\n')}\n`);
  run('as', '-march=rv64gc', '-mno-relax', path('long.s'), '-o', path('long.o'));
  run('ld', '--no-relax', '-Ttext=0x10000', '-e', '0', path('long.o'), '-o', path('long.elf'));
  run('objcopy', '-O', 'binary', '-j', '.text', path('long.elf'), path('long.bin'));
  const words = readFileSync(path('long.bin'));
  const lines = summaries(texts.map((one, index) => ({ ...one, word: words.readUInt32LE(4 * index) })));
  const goldens = fileURLToPath(new URL('..', import.meta.url));
  writeFileSync(
    join(goldens, 'parcels.txt'),
    `# From binutils by test/goldens/make/parcels.mjs\n${lines.join('\n')}\n`,
  );
  rmSync(work, { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
