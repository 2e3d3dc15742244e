/** What control says to a switch, and what it answers. */
import { list, record, text, uint, union, type ValueOf } from '../../base/codec.ts';
import { groupName } from '../groups.ts';
import { MAX_GROUPS } from './edge-server.ts';
import { MAX_PORTS } from './learning.ts';

/** See `EdgeStatus`. */
const edgeStatus = record({
  group: groupName,
  generation: uint,
  outputBytes: uint,
  typedBytes: uint,
  typedWaitingBytes: uint,
  attachers: uint,
  ports: list(text, MAX_PORTS),
  framesDropped: uint,
  duplicatesDropped: uint,
});

/** From control. */
export const switchRequest = record({
  id: uint,
  body: union({
    status: record({}),
    /** Ends a group here: its name is free for another VM. */
    end: record({ group: groupName }),
  }),
});
/** See {@link switchRequest}. */
export type SwitchRequest = ValueOf<typeof switchRequest>;

/** From a switch. */
export const switchAnswer = record({
  id: uint,
  body: union({
    done: record({}),
    refused: record({ why: text }),
    status: record({ groups: list(edgeStatus, MAX_GROUPS) }),
  }),
});
/** See {@link switchAnswer}. */
export type SwitchAnswer = ValueOf<typeof switchAnswer>;
