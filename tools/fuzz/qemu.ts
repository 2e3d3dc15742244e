/** Runs a batch of cases on QEMU. Cases and results are in a file that backs QEMU's RAM. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperatingError } from '../../src/base/errors.ts';
import { RAM_BASE } from '../../src/cpu/layout.ts';
import { type Case, encodeCase } from './case.ts';
import type { Harness } from './harness.ts';
import {
  ARENA,
  CASE_WORDS_MAX,
  CASES,
  RAM_BYTES,
  RESULT_WORDS_MAX,
  RESULTS,
  resultFields,
  SAVE,
  saveWords,
  TEMPLATE,
} from './layout.ts';
import { TICK_MS, Watchdog } from './watchdog.ts';

export const QEMU = 'qemu-system-riscv64';
/** The version that the rules of explain.ts are written for. */
const KNOWN_VERSION = '7.2';

export function checkQemu(): void {
  const { error, stdout } = spawnSync(QEMU, ['--version'], { encoding: 'utf8' });
  if (error)
    throw new OperatingError(
      `${QEMU} cannot be started (${error.message}); it is in Debian's package qemu-system-misc.`,
    );
  const version = /version ([\d.]+)/.exec(stdout)?.[1] ?? 'of an unknown version';
  if (!version.startsWith(`${KNOWN_VERSION}.`))
    console.error(`This is QEMU ${version}; its differences from ${KNOWN_VERSION} are not explained.`);
}

/** QEMU's CPU with exactly this machine's extensions. */
const cpu = [
  'rv64',
  ...['h', 'v', 'zbc', 'svinval', 'svnapot', 'svpbmt', 'debug'].map((name) => `${name}=false`),
  ...['zkr=true', 'zba=true', 'zbb=true', 'zbs=true', 'sstc=true', 'x-epmp=true'],
  ...['pmu-num=0', 'marchid=0', 'mimpid=0'],
].join();

export class Qemu {
  private readonly directory: string;
  private readonly running = new Set<ChildProcess>();
  private runs = 0;

  constructor(private readonly harness: Harness) {
    this.directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'vmft-fuzz-'));
  }

  close(): void {
    for (const child of this.running) child.kill('SIGKILL');
    rmSync(this.directory, { recursive: true });
  }

  /** The results of the cases in order, up to the first that does not terminate. */
  async run(cases: readonly Case[]): Promise<BigUint64Array[]> {
    const path = join(this.directory, `ram-${this.runs++}`);
    const file = openSync(path, 'w+');
    ftruncateSync(file, RAM_BYTES);
    const put = (address: number, bytes: Uint8Array) =>
      writeSync(file, bytes, 0, bytes.length, address - RAM_BASE);
    put(RAM_BASE, this.harness.image);
    put(ARENA, this.harness.image.subarray(TEMPLATE - RAM_BASE));
    const words = new BigUint64Array(cases.length * CASE_WORDS_MAX);
    let count = 0;
    for (const one of cases) count += encodeCase(one, words, count);
    put(CASES, new Uint8Array(words.buffer, 0, 8 * count));
    const start = new BigUint64Array(3);
    start.set([BigInt(CASES), BigInt(cases.length), BigInt(RESULTS)]);
    put(SAVE + 8 * saveWords.input, new Uint8Array(start.buffer));

    await this.execute(path, cases.length, () => this.left(file));
    const results = this.results(file, cases.length);
    closeSync(file);
    rmSync(path);
    return results;
  }

  /** The number of cases that have not run yet; more than there were when a case has written here: then it never ends. */
  private left(file: number): bigint {
    const word = new BigUint64Array(1);
    readSync(file, new Uint8Array(word.buffer), 0, 8, SAVE - RAM_BASE + 8 * saveWords.left);
    return word[0]!;
  }

  private results(file: number, count: number): BigUint64Array[] {
    const left = Number(this.left(file));
    const done = left > count ? count : count - left;
    const words = new BigUint64Array(done * RESULT_WORDS_MAX);
    readSync(file, new Uint8Array(words.buffer), 0, 8 * words.length, RESULTS - RAM_BASE);
    const results: BigUint64Array[] = [];
    for (let at = 0; results.length < done; ) {
      const end = at + Number(words[at]!);
      // A case that left its arena may have written here.
      if (end < at + resultFields.length || end > words.length) break;
      results.push(words.subarray(at, end));
      at = end;
    }
    return results;
  }

  /** Runs QEMU until it exits, has finished no case for some time, or seems to have more to run than there are. */
  private execute(path: string, count: number, left: () => bigint): Promise<void> {
    const child = spawn(
      QEMU,
      [
        ...['-machine', 'virt,memory-backend=ram', '-smp', '2', '-m', `${RAM_BYTES >> 20}M`],
        ...['-object', `memory-backend-file,id=ram,size=${RAM_BYTES},mem-path=${path},share=on`],
        ...['-bios', 'none', '-display', 'none', '-monitor', 'none', '-serial', 'none', '-cpu', cpu],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.running.add(child);
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += text;
    });
    const watchdog = new Watchdog(child.pid ?? 0, left);
    const watch = setInterval(() => {
      if (watchdog.tick() || left() > BigInt(count)) child.kill('SIGKILL');
    }, TICK_MS);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code) => {
        clearInterval(watch);
        this.running.delete(child);
        if (code === 1) reject(new Error(`${QEMU}: ${errors}`));
        else resolve();
      });
    });
  }
}
