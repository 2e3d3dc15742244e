/** Faults on a schedule. `who` names a host: the one that boots as the primary, or the one that boots as its backup. */
export type HostId = 'primary' | 'backup';

export type When =
  /** The VM of that host has taken this many steps. */
  | { at: 'icount'; icount: number }
  | { at: 'time'; ns: number }
  /** The VM of that host has made this output, and it has not been released. */
  | { at: 'output'; number: number };

export type Fault =
  /** The host loses its power, and whatever was in it. */
  | { kind: 'crash'; who: HostId; when: When }
  /** The host does nothing for a while, then goes on as if nothing had been. */
  | { kind: 'pause'; who: HostId; when: When; forNs: number }
  /** The link between the two hosts carries nothing for a while. */
  | { kind: 'partition'; atNs: number; forNs: number }
  /** The link between the two hosts takes longer for a while. */
  | { kind: 'delay'; atNs: number; forNs: number; extraNs: number };

export type HostFault = Extract<Fault, { who: HostId }>;
