/** What control says to a host, and what it answers. */
import { bool, list, oneOf, optional, record, text, uint, union, type ValueOf } from '../base/codec.ts';
import { diskVariants, replications } from '../ft/rules.ts';
import { descriptionSchema, outlineSchema } from '../vmm/description.ts';
import { groupName } from './groups.ts';

const MAX_HOSTS = 16;
/** The most groups of one host. */
export const MAX_HOST_GROUPS = 64;

/** Where a host listens. */
const address = record({ name: text, address: text, port: uint });
const generationRecord = record({ primary: text, backups: list(text, MAX_HOSTS) });

/** How a VM is protected. */
const protection = {
  group: groupName,
  hosts: list(address, MAX_HOSTS),
  /** Storage's record of generation 1: who boots the VM. */
  first: generationRecord,
  backups: uint,
  replication: oneOf(...replications),
  disk: oneOf(...diskVariants),
};
/** A protected VM: the same on all its hosts. */
export const groupDescription = record({ ...protection, machine: descriptionSchema });
/** The same without the content of its boot image. */
export const groupOutline = record({ ...protection, machine: outlineSchema });
/** See {@link groupDescription}. */
export type GroupDescription = ValueOf<typeof groupDescription>;

const command = union({
  reset: record({}),
  memory: record({ sizeBytes: uint }),
  speed: record({ perMille: uint }),
  'switch-over': record({ to: optional(text) }),
  'move-backup': record({ from: text }),
  unprotect: record({}),
  protect: record({}),
});
/** An operator's command, see `Command` of the protocol. */
export type HostCommand = ValueOf<typeof command>;

/** What a host says of one group. */
export const groupStatus = record({
  group: groupName,
  role: text,
  phase: text,
  generation: uint,
  record: generationRecord,
  /** The position of its machine; absent without one. */
  icount: optional(uint),
  /** The last entry of its log, and how many of its entries the machine has not consumed. */
  logEnd: uint,
  backlog: uint,
  /** Why it has stopped: the guest has ended, or its machine diverged. */
  stopped: optional(text),
  /** The exit code of a guest that has ended. */
  exitCode: optional(uint),
});
/** See {@link groupStatus}. */
export type GroupStatus = ValueOf<typeof groupStatus>;

/** From control. `id`: chosen by control, and named in the answer. */
export const hostRequest = record({
  id: uint,
  body: union({
    /**
     * Makes a replica of a new group, which waits for `run`. The one who sends this has created generation 1 on storage,
     * and sends it to each host once; a host that has run the group before does not boot it again, but becomes a spare.
     */
    prepare: record({ description: groupDescription }),
    /** Runs the replica. All hosts of the group are ready by now, so that none is suspected while it boots. */
    run: record({ group: groupName }),
    status: record({}),
    /** For the primary of a group. */
    command: record({ group: groupName, command }),
    /** Ends the group here, and forgets it. */
    remove: record({ group: groupName }),
    /** Kills the host's process by SIGKILL, for a test of what follows: there is no answer. */
    crash: record({}),
    /**
     * Ends all replicas here where they stand, with their evidence; answered when that is written. The links stay, so that
     * nobody takes the end for a failure.
     */
    end: record({}),
  }),
});
/** See {@link hostRequest}. */
export type HostRequest = ValueOf<typeof hostRequest>;

/** From a host. */
export const hostAnswer = record({
  id: uint,
  body: union({
    done: record({}),
    refused: record({ why: text }),
    status: record({
      name: text,
      /** The id of its process. */
      pid: uint,
      connected: list(text, MAX_HOSTS),
      hasStorage: bool,
      hasSwitch: bool,
      groups: list(groupStatus, MAX_HOST_GROUPS),
    }),
  }),
});
/** See {@link hostAnswer}. */
export type HostAnswer = ValueOf<typeof hostAnswer>;
