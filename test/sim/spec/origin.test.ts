/** How a run was made, as its recording says it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from '../../../src/base/codec.ts';
import type { UserAction } from '../../../src/sim/spec/actions.ts';
import { noteCodec, type Origin, originCodec } from '../../../src/sim/spec/origin.ts';
import { defaults } from '../../../src/sim/spec/spec.ts';
import { mustRefuseChanges } from '../../base/laws.ts';
import { everySpec, faultsOf, kinds } from '../arbitraries.ts';

const origin: Origin = {
  version: '0.1.0',
  spec: { ...defaults, speeds: { backup: 0.5 } },
  input: Uint8Array.of(1, 2),
  typeAfter: '$ ',
  attended: false,
  diskFiles: [undefined, '/disk.img'],
  diskChecksum: 7,
};

test('every specification is read as it was written', () => {
  everySpec((spec) =>
    expect(decode(originCodec, encode(originCodec, { ...origin, spec })).spec).toEqual(spec),
  );
});

test('every action is read as it was written, and changes are refused or make another one', () => {
  const actions: fc.Arbitrary<UserAction | undefined> = fc.oneof(
    fc
      .constantFrom<UserAction['kind'] & ('withdraw' | 'close' | 'quit')>('withdraw', 'close', 'quit')
      .map((kind) => ({ kind })),
    fc.uint8Array({ maxLength: 20 }).map((data) => ({ kind: 'type' as const, data })),
    fc
      .constantFrom(...kinds)
      .chain(faultsOf)
      .map((fault) => ({ kind: 'fault' as const, fault })),
    fc.constant(undefined),
  );
  fc.assert(
    fc.property(fc.maxSafeNat(), actions, (atNs, action) => {
      const encoded = encode(noteCodec, { atNs, action });
      expect(decode(noteCodec, encoded)).toEqual({ atNs, action });
      mustRefuseChanges(
        encoded,
        (source) => decode(noteCodec, source),
        (note) => encode(noteCodec, note),
      );
    }),
  );
});

test('changes of an origin are refused, or make another one', () => {
  mustRefuseChanges(
    encode(originCodec, origin),
    (source) => decode(originCodec, source),
    (value) => encode(originCodec, value),
  );
});
