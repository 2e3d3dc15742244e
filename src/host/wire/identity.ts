/** Identities as messages carry them. */
import { randomInt } from 'node:crypto';
import { type Codec, oneOf, record, text, u64 } from '../../base/codec.ts';
import { type Identity, type ProcessName, processRoles } from './link.ts';

/** The version of the wire protocols, of links and of datagrams. Processes of other versions are refused. */
export const WIRE_VERSION = 1;

const RANDOM_BITS = 20;

/**
 * An id for a start of this process: the time in ms, then 20 random bits. So a later start has a larger one, by which
 * datagrams of earlier starts are told from new ones; see {@link bindDatagrams} for a clock that was set back.
 */
export const newBootId = (nowMs = Date.now()): bigint =>
  (BigInt(nowMs) << BigInt(RANDOM_BITS)) | BigInt(randomInt(1 << RANDOM_BITS));

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether this may name a process. It is printed in logs: no spaces, no control characters. */
export const isProcessName = (name: string): boolean => NAME.test(name);

const nameCodec: Codec<string> = {
  write: (out, name) => text.write(out, name),
  read: (input) => {
    const name = text.read(input);
    return isProcessName(name) ? name : input.fail('a name that no process may have');
  },
};

const processFields = { role: oneOf(...processRoles), name: nameCodec };

/** A role and a name. */
export const processName = record<ProcessName>(processFields);

/** An identity. */
export const identity = record<Identity>({ ...processFields, bootId: u64 });

/** Whether both name the same process, of whichever start. */
export const sameProcess = (a: ProcessName, b: ProcessName): boolean =>
  a.role === b.role && a.name === b.name;

/** For logs and errors, such as `host a`. */
export const describeProcess = ({ role, name }: ProcessName): string => `${role} ${name}`;
