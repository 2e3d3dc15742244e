/** What a host and the switch say to each other about consoles and networks. */
import { bytes, type Codec, list, oneOf, record, uint, union, type ValueOf } from '../../base/codec.ts';
import { MAX_FRAME_BYTES } from '../../devices/virtio/net.ts';
import type { EdgeOutput } from '../../vmm/outputs.ts';
import { groupName } from '../groups.ts';

/** Outputs of one message: a primary's gate holds fewer. */
const MAX_OUTPUTS = 1 << 16;
const MAX_TEXT_BYTES = 1 << 21;
/** Typed bytes of one message. */
export const MAX_TYPED_BYTES = 1 << 16;

/** A position or number since boot, with room to count on. */
const position: Codec<number> = {
  write: (out, value) => uint.write(out, value),
  read: (input) => {
    const value = uint.read(input);
    return value < 2 ** 52 ? value : input.fail(`${value} is no position`);
  },
};

const someBytes = (limitBytes: number): Codec<Uint8Array> => {
  const all = bytes(limitBytes);
  return {
    write: all.write,
    read: (input) => {
      const value = all.read(input);
      return value.length > 0 ? value : input.fail('an output without bytes');
    },
  };
};

const outputs: Codec<EdgeOutput[]> = list(
  union({
    console: record({ first: position, data: someBytes(MAX_TEXT_BYTES) }),
    frame: record({ first: position, frame: someBytes(MAX_FRAME_BYTES) }),
  }),
  MAX_OUTPUTS,
);

/** The fields of every request. One of an older generation than the newest that the group has seen has no effect. */
const fenced = { group: groupName, generation: position };

/** From a host. */
export const edgeRequest = union({
  /** Outputs for console and network. Numbers that were seen are dropped. Answered with `delivered`. */
  release: record({ ...fenced, outputs }),
  /** Directs typed bytes from this offset on to this link. */
  listen: record({ ...fenced, offset: position }),
  /** Directs the guest's address, the sender of `frame`, to this link, and frames for it from this number on. */
  announce: record({ ...fenced, frame: bytes(MAX_FRAME_BYTES), nextFrame: position }),
  /** Every member's log has the frames up to this number, and so many typed bytes: they are not kept any longer. */
  'inputs-held': record({ ...fenced, frames: position, typed: position }),
});
/** See {@link edgeRequest}. */
export type EdgeRequest = ValueOf<typeof edgeRequest>;

/** From the switch. */
export const edgePush = union({
  /** Every output for that edge up to this number is delivered. */
  delivered: record({ group: groupName, edge: oneOf('console', 'switch'), number: position }),
  /** Typed bytes, the first of them at `offset` since boot. */
  typed: record({ group: groupName, offset: position, data: bytes(MAX_TYPED_BYTES) }),
  /** A frame for the guest. */
  frame: record({ group: groupName, number: position, frame: bytes(MAX_FRAME_BYTES) }),
});
/** See {@link edgePush}. */
export type EdgePush = ValueOf<typeof edgePush>;
