/** Makes a case from a seed. */
import { Chance } from '../../testing/random-words.ts';
import type { Case, Piece } from './access.ts';
import { clintAccess, finisherAccess, rtcAccess, startRtc } from './clock-accesses.ts';
import { Script } from './script.ts';
import { UartAccesses } from './uart-accesses.ts';
import { VirtioAccesses } from './virtio-accesses.ts';

const PIECES_MAX = 40;

/** A generator of pieces, with a prologue. A case has at most one of a kind: it tracks the state of its device. */
interface Source {
  start: readonly Piece[];
  next: () => Piece;
}

const sources: readonly (readonly [number, (script: Script) => Source])[] = [
  [
    6,
    (script) => {
      const uart = new UartAccesses(script);
      return { start: uart.start(), next: () => uart.next() };
    },
  ],
  [3, (script) => ({ start: [startRtc(script)], next: () => rtcAccess(script) })],
  [3, (script) => ({ start: [], next: () => clintAccess(script) })],
  [1, (script) => ({ start: [], next: () => finisherAccess(script) })],
  [
    6,
    (script) => {
      const virtio = new VirtioAccesses(script);
      return { start: [], next: () => virtio.next() };
    },
  ],
];

/** A case is about one or two devices and the interrupt controller. */
export function generate(seed: string, index: number): Case {
  const chance = new Chance(`${seed}/devices/${index}`);
  const script = new Script(chance);
  const kinds = new Set(Array.from({ length: 1 + chance.below(2) }, () => chance.weighted(sources)));
  const devices = [...kinds].map((make) => make(script));
  const pieces: Piece[] = [
    ...(chance.chance(0.8) ? [script.openPlic()] : []),
    ...devices.flatMap(({ start }) => start),
  ];
  for (let count = 4 + chance.below(PIECES_MAX); count > 0; count--) {
    const what = chance.below(100);
    if (what < 2) pieces.push(script.plicMisused());
    else if (what < 30) pieces.push(script.plic());
    else pieces.push(chance.pick(devices).next());
  }
  return { seed, index, pieces };
}
