/** What is sent to which port, by whom. */
import { type Codec, decode, encode } from '../../../src/base/codec.ts';
import type { Random } from '../../../src/base/random.ts';
import { encodeMessage, message } from '../../../src/ft/messages.ts';
import { hostRequest } from '../../../src/host/host-messages.ts';
import { addressed } from '../../../src/host/peers.ts';
import { rightsOf } from '../../../src/host/storage/rights.ts';
import { type RequestBody, storageRequest } from '../../../src/host/storage/storage-messages.ts';
import { consoleRequest } from '../../../src/host/switch/console-messages.ts';
import { edgeRequest } from '../../../src/host/switch/edge-messages.ts';
import { switchRequest } from '../../../src/host/switch/switch-messages.ts';
import type { ProcessRole } from '../../../src/host/wire/link.ts';
import { damaged, randomMessage, wordsOf } from './generate.ts';

/** The VM that well-behaved clients use, and a group of storage that they use. */
export const BANK = 'bank';
export const SHARED = 'shared';
/** The hostile member: a host that is a member of these groups. Its name is below those of the others, so it dials. */
export const EVIL = '0evil';
export const EVIL_GROUPS = ['evil-backup', 'evil-primary'] as const;

/** Where the services of a cluster listen. */
export interface Ports {
  host: number;
  storage: number;
  switch: number;
  metrics: number;
  stream: number;
}

/** Messages over links of a role to a port. */
export interface LinkTarget {
  port: keyof Ports & ('host' | 'storage' | 'switch');
  role: ProcessRole;
  /** The names under which it is connected to. */
  names: readonly string[];
  /** The part of all messages that it gets. */
  share: number;
  /** The first message on a link, without which the others are not accepted. */
  first?(random: Random): Uint8Array;
  message(random: Random): Uint8Array;
}

const WORDS = wordsOf(
  ...[BANK, SHARED, ...EVIL_GROUPS, 'none', 'other-group'],
  ...[EVIL, 'a', 'b', 'c', 'x1', '127.0.0.1', 'rack-1', 'pc', 'x10', 'program'],
);
/** The part of messages that are damaged, or that no correct process sends: most of them end their link. */
const DAMAGED = 0.02;

/**
 * Messages of a codec, some of them damaged. Valid messages that do harm, such as an operator's, are left out by
 * `harms`: they would prove nothing. Most messages are `usual`: they do not end their link.
 */
function messagesOf<T>(
  codec: Codec<T>,
  harms: (value: T) => boolean,
  usual: (value: T) => boolean = () => true,
): (random: Random) => Uint8Array {
  const isHarmless = (bytes: Uint8Array): boolean => {
    try {
      return !harms(decode(codec, bytes));
    } catch {
      return true;
    }
  };
  return (random) => {
    const isUsual = !random.chance(DAMAGED);
    const valid = randomMessage(codec, random, WORDS, (value) => !harms(value) && (!isUsual || usual(value)));
    if (!random.chance(DAMAGED)) return valid;
    const bytes = damaged(valid, random);
    return isHarmless(bytes) ? bytes : valid;
  };
}

/** A message of the protocol between hosts: to a replica of some group. */
function betweenHosts(random: Random): Uint8Array {
  const groups = [...EVIL_GROUPS, ...EVIL_GROUPS, BANK, 'none'];
  const group = groups[random.below(groups.length)]!;
  const bare = randomMessage(message, random, WORDS);
  // Damaged before it is framed, a message has a right checksum.
  const whole = random.chance(0.9) ? encodeMessage(decode(message, bare)) : damaged(bare, random);
  const bytes = encode(addressed, { group, bytes: random.chance(DAMAGED) ? damaged(whole, random) : whole });
  return random.chance(DAMAGED / 10) ? damaged(bytes, random) : bytes;
}

const protectedGroups: ReadonlySet<string> = new Set([BANK, SHARED]);
const isProtected = (body: object): boolean =>
  'group' in body && typeof body.group === 'string' && protectedGroups.has(body.group);

/** All link targets. */
export const linkTargets: readonly LinkTarget[] = [
  { port: 'host', role: 'host', names: [EVIL], share: 0.24, message: betweenHosts },
  { port: 'host', role: 'host', names: ['0x1', '0x2'], share: 0.05, message: betweenHosts },
  {
    ...{ port: 'host', role: 'control', names: ['stray'], share: 0.03 },
    message: messagesOf(hostRequest, ({ body }) => {
      if (body.kind === 'crash' || body.kind === 'end') return true;
      // The address of a host that control sends is accepted.
      if (body.kind === 'prepare')
        return body.description.hosts.some(({ name }) => name === 'b' || name === 'c');
      return isProtected(body) || isOwn(body);
    }),
  },
  {
    ...{ port: 'storage', role: 'host', names: [EVIL, EVIL, EVIL, 'x1'], share: 0.06 },
    message: messagesOf(
      storageRequest,
      () => false,
      ({ body }) => isOfHosts(body) && (!('generation' in body) || body.generation <= 2),
    ),
  },
  {
    ...{ port: 'storage', role: 'control', names: ['stray'], share: 0.02 },
    message: messagesOf(
      storageRequest,
      ({ body }) => body.kind !== 'read' && (isProtected(body) || isOwn(body)),
      ({ body }) => rightsOf({ role: 'control', name: 'stray' }).objection(body) === undefined,
    ),
  },
  {
    ...{ port: 'switch', role: 'host', names: [EVIL, 'x1'], share: 0.1 },
    // The switch does not know who the members are: any host may speak for a group in its newest generation.
    message: messagesOf(edgeRequest, (request) => isProtected(request) && request.generation > 0),
  },
  {
    ...{ port: 'switch', role: 'terminal', names: ['t1', 't2'], share: 0.05 },
    first: (random) =>
      encode(consoleRequest, {
        kind: 'attach',
        group: BANK,
        session: BigInt(random.below(2 ** 50)),
        shown: 0,
      }),
    message: messagesOf(
      consoleRequest,
      (request) => request.kind === 'type' && isProtected(request),
      (request) => request.kind === 'shown' && request.group === BANK && request.upTo < 100,
    ),
  },
  {
    ...{ port: 'switch', role: 'control', names: ['stray'], share: 0.02 },
    message: messagesOf(switchRequest, ({ body }) => body.kind === 'end' && isProtected(body)),
  },
  // Roles that have no business there.
  ...(['storage', 'switch', 'terminal'] as const).map(
    (role): LinkTarget => ({ port: 'host', role, names: ['w'], share: 0.002, message: betweenHosts }),
  ),
  ...(['switch', 'terminal'] as const).map(
    (role): LinkTarget => ({
      ...{ port: 'storage', role, names: ['w'], share: 0.002 },
      message: messagesOf(storageRequest, () => false),
    }),
  ),
];

const isOfHosts = (body: RequestBody): boolean =>
  rightsOf({ role: 'host', name: EVIL }).objection(body) === undefined;

/** Whether it is about a group of the hostile member, which control must not end: nothing would be left to attack. */
function isOwn(body: object): boolean {
  return 'group' in body && (EVIL_GROUPS as readonly unknown[]).includes(body.group);
}
