/** A silence of another host. */
export interface Silence {
  sinceNs: number;
  /** It began with a message of that host; otherwise when this host began to wait for one. */
  heard: boolean;
}

/** The silence after a message. */
export const heardAt = (nowNs: number): Silence => ({ sinceNs: nowNs, heard: true });
/** The silence of a host from which a message is waited for from now on. */
export const awaitedSince = (nowNs: number): Silence => ({ sinceNs: nowNs, heard: false });
