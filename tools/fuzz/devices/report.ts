/** A case, and where its results differ, as text. */
import { memoryMap } from '../../../src/vmm/memory-map.ts';
import { type Access, accessesOf } from './access.ts';
import type { Judged } from './compare.ts';
import type { Step } from './explain.ts';

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;

/** An address as a device and an offset. */
function place(address: number): string {
  for (const [name, { base, sizeBytes }] of Object.entries(memoryMap)) {
    const slots = name === 'virtio' ? 8 : 1;
    const offset = address - base;
    if (offset < 0 || offset >= sizeBytes * slots) continue;
    return slots === 1
      ? `${name}+${hex(offset)}`
      : `${name}${Math.floor(offset / sizeBytes)}+${hex(offset % sizeBytes)}`;
  }
  return hex(address);
}

export function accessText(access: Access): string {
  if (access.kind === 'settle') return 'settle';
  const { kind, sizeBytes, address } = access;
  const text = `${kind}${8 * sizeBytes} ${place(address)}`;
  return access.kind === 'store' ? `${text} = ${hex(access.value)}` : text;
}

const resultText = ({ value, cause, mip }: Step['ours']): string =>
  `${cause === 0 ? hex(value) : `fault ${cause}`}, mip ${hex(mip)}`;

export function differenceText({ one, different }: Judged): string {
  const head = `seed ${one.seed}, case ${one.index}`;
  if (different === undefined || different === 'ends') return `${head}: QEMU does not terminate`;
  const { at, step } = different;
  const before = accessesOf(one).slice(0, at);
  return [
    head,
    ...[...before, step.access].map((access) => `  ${accessText(access)}`),
    `    here ${resultText(step.ours)}; on QEMU ${resultText(step.qemu)}`,
  ].join('\n');
}
