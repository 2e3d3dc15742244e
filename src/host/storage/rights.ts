/** What a client of the storage service may ask, by its role. */
import type { GenerationRecord } from '../../ft/effects.ts';
import type { ProcessName } from '../wire/link.ts';
import type { RequestBody } from './storage-messages.ts';

/** The rights of one client. */
export interface Rights {
  /** Why this client may not ask this; undefined if it may. */
  objection(body: RequestBody): string | undefined;
  /** Whether it may claim the generation after this record. */
  mayClaim(newest: GenerationRecord): boolean;
  /** Whether it may write while this is the newest record. */
  mayWrite(newest: GenerationRecord): boolean;
}

/** The rights of a client that is this process itself. */
export const ALL_RIGHTS: Rights = { objection: () => undefined, mayClaim: () => true, mayWrite: () => true };

const OF_HOSTS: ReadonlySet<RequestBody['kind']> = new Set([
  ...(['claim', 'read', 'disk-read', 'disk-write', 'disk-flush'] as const),
]);
const OF_CONTROL: ReadonlySet<RequestBody['kind']> = new Set([
  ...([
    'create',
    'remove',
    'groups',
    'describe',
    'read',
    'disk-create',
    'disk-piece',
    'disk-finish',
  ] as const),
]);

/**
 * A host claims a generation only for itself, if the newest one names it, and writes only as its primary; control
 * creates and removes VMs. The name is what the peer says of itself: this finds a process that errs, not one that lies.
 */
export function rightsOf({ role, name }: ProcessName): Rights {
  const kinds = role === 'host' ? OF_HOSTS : role === 'control' ? OF_CONTROL : new Set<string>();
  return {
    objection: (body) => {
      if (!kinds.has(body.kind)) return `a ${role} may not ask for "${body.kind}"`;
      if (body.kind === 'claim' && body.record.primary !== name)
        return `host ${name} claims generation ${body.generation} of ${body.group} for another host`;
      return undefined;
    },
    mayClaim: ({ primary, backups }) => primary === name || backups.includes(name),
    mayWrite: ({ primary }) => primary === name,
  };
}
