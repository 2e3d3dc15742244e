/** Recorded results of QEMU, for a test without QEMU. */
import { createHash } from 'node:crypto';
import type { Case } from './case.ts';

/** A digest of a result, 16 hexadecimal digits. */
export const digest = (result: BigUint64Array): string =>
  createHash('sha256')
    .update(new Uint8Array(result.buffer, result.byteOffset, result.byteLength))
    .digest('hex')
    .slice(0, 16);

export interface Recorded {
  seed: string;
  index: number;
  digest: string;
}

export const recordText = (seed: string, all: readonly (readonly [Case, BigUint64Array])[]): string =>
  [
    `# What QEMU 7.2 and this machine both made of cases of the fuzzer with seed ${seed}: number, and digest of the result.`,
    ...all
      .toSorted(([a], [b]) => a.index - b.index)
      .map(([{ index }, result]) => `${seed} ${index} ${digest(result)}`),
    '',
  ].join('\n');

export const recorded = (text: string): Recorded[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [seed, index, digest] = line.split(' ');
      return { seed: seed!, index: Number(index), digest: digest! };
    });
