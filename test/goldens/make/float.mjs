/**
 * Makes the golden of floating point: what every instruction of F and D does according to QEMU. By hand, with QEMU 7.2 on the PATH:
 *
 *     node test/goldens/make/float.mjs
 *
 * The program and the form of the golden stand in test/cpu/float/program.ts. For each instruction and rounding mode the golden has
 * some cases with the operands (a, b, c as f10, f11, f12, and a as x10 and in memory) and what they leave, and a digest of all.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'goldens-float-'));
const path = (/** @type {string} */ name) => join(work, name);

const bundled = await build({
  entryPoints: [join(root, 'test/cpu/float/program.ts')],
  bundle: true,
  format: 'esm',
  write: false,
});
writeFileSync(path('program.mjs'), bundled.outputFiles[0]?.text ?? '');
const { image, render, ORIGIN, OUTPUT_BYTES } = await import(path('program.mjs'));

writeFileSync(path('image'), image());
execFileSync(
  'qemu-system-riscv64',
  [
    ...['-M', 'virt', '-m', '64M', '-cpu', 'rv64', '-bios', 'none', '-display', 'none', '-monitor', 'none'],
    ...[
      '-device',
      `loader,file=${path('image')},addr=${ORIGIN},force-raw=on`,
      '-serial',
      `file:${path('sent')}`,
    ],
  ],
  { stdio: ['ignore', 'inherit', 'inherit'], timeout: 300_000 },
);
const sent = readFileSync(path('sent'));
if (sent.length !== OUTPUT_BYTES) throw new Error(`${sent.length} of ${OUTPUT_BYTES} bytes came back`);
mkdirSync(join(root, 'test/goldens/float'), { recursive: true });
writeFileSync(join(root, 'test/goldens/float/instructions.txt'), render(sent));
rmSync(work, { recursive: true });
