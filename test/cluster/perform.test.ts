/** Effects reach their port, and its answer becomes an input. */
import { describe, expect, test } from 'vitest';
import { type OutsideEffect, perform } from '../../src/cluster/perform.ts';
import type { Ports } from '../../src/cluster/ports.ts';
import type { ReplicaInput } from '../../src/ft/effects.ts';

const bytes = Uint8Array.of(1, 2, 3);
const record = { primary: 'a', backups: ['b'] };
const standing = { primary: 'b', backups: [] };

/** Ports that answer everything, and record each call. */
function performed(effect: OutsideEffect): { asked: unknown[]; inputs: ReplicaInput[] } {
  const asked: unknown[] = [];
  const inputs: ReplicaInput[] = [];
  const ports: Omit<Ports, 'clock'> = {
    transport: {
      stream: (...all) => asked.push(['stream', ...all]),
      datagram: (...all) => asked.push(['datagram', ...all]),
      restored: () => {},
    },
    generations: {
      claim: (generation, claimed, answer) => {
        asked.push(['claim', generation, claimed]);
        answer(standing);
      },
      read: (generation, answer) => {
        asked.push(['read', generation]);
        answer(undefined);
      },
    },
    edge: {
      release: ({ outputs }, delivered, received) => {
        for (const output of outputs) delivered(output);
        received(8, bytes);
      },
      listen: (offset, generation, typed) => {
        asked.push(['listen', offset, generation]);
        typed(offset + 1, bytes);
      },
      announce: (frame, nextFrame, generation, received) => {
        asked.push(['announce', frame, nextFrame, generation]);
        received(nextFrame, bytes);
      },
      inputsHeld: (frames, typed, generation) => asked.push(['inputs-held', frames, typed, generation]),
    },
    disk: { perform: (_, answer) => answer('refused', bytes) },
  };
  perform(effect, ports, (input) => inputs.push(input));
  return { asked, inputs };
}

describe('an effect', () => {
  test.each<[OutsideEffect, unknown[], ReplicaInput[]]>([
    [{ do: 'send', to: 'b', bytes }, [['stream', 'b', bytes]], []],
    [{ do: 'datagram', to: 'b', bytes }, [['datagram', 'b', bytes]], []],
    [
      { do: 'claim', generation: 2, record },
      [['claim', 2, record]],
      [{ kind: 'record', generation: 2, record: standing }],
    ],
    [
      { do: 'read-generation', generation: 3 },
      [['read', 3]],
      [{ kind: 'record', generation: 3, record: undefined }],
    ],
    [
      { do: 'listen', offset: 7, generation: 2 },
      [['listen', 7, 2]],
      [{ kind: 'typed', offset: 8, data: bytes }],
    ],
    [
      { do: 'announce', frame: bytes, nextFrame: 6, generation: 2 },
      [['announce', bytes, 6, 2]],
      [{ kind: 'frame', number: 6, frame: bytes }],
    ],
    [{ do: 'inputs-held', frames: 5, typed: 9, generation: 2 }, [['inputs-held', 5, 9, 2]], []],
    [
      { do: 'disk', id: 5, request: { operation: 'flush' }, generation: 1, lowWater: 0 },
      [],
      [{ kind: 'disk-done', id: 5, status: 'refused', data: bytes }],
    ],
    [
      {
        do: 'release',
        generation: 1,
        outputs: [
          { kind: 'console', first: 4, data: bytes },
          { kind: 'frame', first: 7, frame: bytes },
        ],
      },
      [],
      [
        { kind: 'delivered', edge: 'console', number: 6 },
        { kind: 'delivered', edge: 'switch', number: 7 },
        { kind: 'frame', number: 8, frame: bytes },
      ],
    ],
  ])('%o', (effect, asked, inputs) => {
    expect(performed(effect)).toEqual({ asked, inputs });
  });
});
