/** The shared state of a case's generators: random numbers, and the PLIC's configuration. */
import { PLIC } from '../../../src/devices/plic.ts';
import {
  M_MODE_CONTEXT,
  memoryMap,
  PLIC_SOURCES,
  plicSource,
  S_MODE_CONTEXT,
  VIRTIO_SLOTS,
} from '../../../src/vmm/memory-map.ts';
import type { Chance } from '../../testing/random-words.ts';
import type { Access, Piece } from './access.ts';

const BASE = memoryMap.plic.base;
const SIZES = [1, 2, 4, 8];
/** Sources that devices drive. */
const SOURCES = [
  ...Array.from({ length: VIRTIO_SLOTS }, (_, slot) => plicSource.virtio + slot),
  plicSource.uart,
  plicSource.rtc,
];
/** QEMU 7.2 has no sources from this number on. */
const QEMU_SOURCES = 53;
/** A source that no device drives: writing its priority makes QEMU update its interrupts. */
const UNUSED_SOURCE = 50;

export const settle: Access = { kind: 'settle' };
export const load = (address: number, sizeBytes: number): Access => ({ kind: 'load', address, sizeBytes });
export const store = (address: number, sizeBytes: number, value: number | bigint): Access => ({
  kind: 'store',
  address,
  sizeBytes,
  value: BigInt.asUintN(8 * sizeBytes, BigInt(value)),
});

const at = (context: number, register: number): number =>
  BASE + PLIC.context + PLIC.contextStride * context + register;

export class Script {
  readonly enabled = [new Set<number>(), new Set<number>()];

  constructor(readonly chance: Chance) {}

  /** An access of any size, aligned or not, in a device's registers or a little beyond. */
  wild(base: number, sizeBytes: number): Piece {
    const { chance } = this;
    const size = chance.pick(SIZES);
    const offset = chance.below(sizeBytes + 16);
    const address = base + (chance.chance(0.95) ? offset - (offset % size) : offset);
    return [load(address, size)];
  }

  /** Enables all sources, for one context or both, so that interrupts of devices are visible. */
  openPlic(): Piece {
    const { chance } = this;
    const priorities = SOURCES.map((source) => store(BASE + 4 * source, 4, 1 + chance.below(7)));
    const enables = chance.pick([[M_MODE_CONTEXT], [S_MODE_CONTEXT], [M_MODE_CONTEXT, S_MODE_CONTEXT]]);
    return [...enables.flatMap((context) => this.enable(context, SOURCES)), ...priorities];
  }

  /** Enables sources. QEMU does not update its interrupts then, so an access that makes it do so follows. */
  private enable(context: number, sources: readonly number[]): Access[] {
    this.enabled[context] = new Set(sources);
    const word = (index: number) =>
      sources.reduce((bits, source) => (source >>> 5 === index ? bits | (1 << (source & 31)) : bits), 0);
    return [
      ...[0, 1].map((index) =>
        store(BASE + PLIC.enable + PLIC.enableStride * context + 4 * index, 4, word(index)),
      ),
      store(BASE + 4 * UNUSED_SOURCE, 4, 0),
    ];
  }

  /** Accesses of an interrupt handler, usual and unusual. */
  plic(): Piece {
    const { chance } = this;
    const context = chance.below(2);
    switch (chance.below(12)) {
      case 0:
      case 1:
      case 2:
        return [load(at(context, PLIC.claim), 4)];
      case 3:
      case 4:
      case 5: {
        // A completion for a source that isn't enabled is what the specification and QEMU disagree on.
        const source = chance.pick(chance.chance(0.99) ? [...this.enabled[context]!, 0, 200] : SOURCES);
        return [store(at(context, PLIC.claim), 4, source)];
      }
      case 6:
        return [load(BASE + PLIC.pending + 4 * chance.below(2), 4)];
      case 7:
        return [
          store(BASE + 4 * chance.pick(SOURCES), 4, chance.chance(0.8) ? chance.below(8) : chance.value()),
        ];
      case 8:
        // A claim under a threshold is what they disagree on, too.
        return [
          store(at(context, PLIC.threshold), 4, chance.chance(0.9) ? 8 * chance.below(4) : chance.below(8)),
        ];
      case 9:
        return this.enable(
          context,
          SOURCES.filter(() => chance.chance(0.8)),
        );
      case 10:
        return [load(this.plicRegister(), 4)];
      default:
        return [store(BASE + PLIC.pending + 4 * chance.below(2), 4, chance.value())];
    }
  }

  /** Registers that can be read without harm. */
  private plicRegister(): number {
    const { chance } = this;
    const context = chance.below(4);
    const source = chance.below(chance.chance(0.9) ? QEMU_SOURCES : 1024);
    const known = source < QEMU_SOURCES || source > PLIC_SOURCES;
    switch (chance.below(4)) {
      case 0:
        return BASE + 4 * (known ? source : 0);
      case 1:
        return BASE + PLIC.enable + PLIC.enableStride * context + 4 * chance.pick([0, 1, 3, 4]);
      case 2:
        return at(context, PLIC.threshold);
      default:
        return at(context, 8 + 4 * chance.below(4));
    }
  }

  /** Accesses to the PLIC that no driver makes. */
  plicMisused(): Piece {
    const { chance } = this;
    const size = chance.pick([1, 2, 8]);
    const register = this.plicRegister();
    const address = register - (register % size) + (chance.chance(0.1) ? chance.below(4) : 0);
    return [chance.chance(0.5) ? load(address, size) : store(address, size, chance.value())];
  }
}
