/** What a user does to a run while it goes on: the input of a run that its specification does not hold. */
import { bytes, record, union, type ValueOf } from '../../base/codec.ts';
import { MAX_NOTE_BYTES } from '../../replay/log-file.ts';
import { faultText, parseFault } from '../faults/fault-text.ts';
import type { Fault } from '../faults/faults.ts';
import { asText } from './text-codec.ts';

/** Room in a note for what an action has besides its bytes. */
const MAX_TYPED_BYTES = MAX_NOTE_BYTES / 2;

const fault = asText<Fault>(faultText, parseFault);

/** The kinds of actions. The order is part of the format of recordings. */
const kinds = {
  /** Types at the console, after what is not typed yet. */
  type: record({ data: bytes(MAX_TYPED_BYTES) }),
  /** Withdraws what is not typed yet. */
  withdraw: record({}),
  /** No more input will come. */
  close: record({}),
  /** Adds a fault, whose moment is a time. */
  fault: record({ fault }),
  /** Ends the run. */
  quit: record({}),
};
/** The encoding of an action in a recording. */
export const actionCodec = union(kinds);

/** One action of a user. */
export type UserAction = ValueOf<typeof actionCodec>;

/**
 * An action, and when: at `atNs` of virtual time, after everything else that happens at that time. The same run with the
 * same actions at the same times is the same to the byte.
 */
export interface TimedAction {
  atNs: number;
  action: UserAction;
}

/** Input of any length, as actions that type it. */
export function typing(data: Uint8Array): UserAction[] {
  const actions: UserAction[] = [];
  for (let at = 0; at < data.length; at += MAX_TYPED_BYTES)
    actions.push({ kind: 'type', data: data.subarray(at, at + MAX_TYPED_BYTES) });
  return actions;
}
