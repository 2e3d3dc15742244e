/** Positions of a recording, as users write them. */
import { InvalidArgumentError } from 'commander';
import { OperatingError } from '../../base/errors.ts';
import type { DebugSession, Operation } from '../../debug/session.ts';
import { parseDuration } from '../../sim/faults/fault-text.ts';

/** A place in a run: after so many steps, outputs or entries of the log, at a time of the guest's clock, or its end. */
export type Position =
  | { at: 'icount' | 'output' | 'entry'; count: number }
  | { at: 'time'; ns: number }
  | { at: 'end' };

/** What {@link parsePosition} reads, for messages. */
export const POSITION_FORMS = 'N, icount=N, output=N, entry=N, time=1.5s or end';
const NS_PER_TICK = 100;

/** Reads a position. @throws {InvalidArgumentError} when it is none of {@link POSITION_FORMS} */
export function parsePosition(text: string): Position {
  if (text === 'end') return { at: 'end' };
  const [, kind = 'icount', value = ''] = /^(?:(icount|output|entry|time)=)?(.*)$/.exec(text) ?? [];
  try {
    if (kind === 'time') return { at: 'time', ns: parseDuration(value) };
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError(`a position is ${POSITION_FORMS}.`);
  return { at: kind as 'icount', count: Number(value) };
}

/** A position, or a time of a simulated run. */
export type ForkPosition = Position | { at: 'virtual time'; ns: number };

/** What {@link parseForkPosition} reads, for messages. */
export const FORK_FORMS = `${POSITION_FORMS}; or t=20ms, a time of the run as in --crash primary@t=20ms`;

/** Reads the position of a fork. @throws {InvalidArgumentError} when it is none of {@link FORK_FORMS} */
export function parseForkPosition(text: string): ForkPosition {
  const [, time] = /^t=(.*)$/.exec(text) ?? [];
  try {
    if (time !== undefined) return { at: 'virtual time', ns: parseDuration(time) };
    return parsePosition(text);
  } catch (error) {
    if (error instanceof OperatingError) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}

/** Moves a session there; it ends at the end of the run if that comes first. */
export function goTo(session: DebugSession, position: Position): Operation {
  const { timeline } = session;
  switch (position.at) {
    case 'icount':
      return session.goTo(position.count);
    case 'output':
      return session.goToFirst(() => timeline.machine.outputsMade >= position.count);
    case 'entry':
      return session.goToFirst(() => timeline.consumed >= position.count);
    case 'time':
      return session.goToFirst(() => timeline.machine.lastKnownTicks * NS_PER_TICK >= position.ns);
    case 'end':
      return session.goToEnd();
  }
}
