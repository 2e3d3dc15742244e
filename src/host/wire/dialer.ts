/** Keeps a link to an address. */
import { Handshake } from './handshake.ts';
import type { ClusterKey } from './key.ts';
import type { Identity, Link, ProcessName } from './link.ts';
import { DEFAULT_LIMITS, type LinkLimits, type TcpLink } from './tcp-link.ts';
import { secureConnect } from './tls.ts';

const FIRST_DELAY_MS = 20;
const MAX_DELAY_MS = 1000;

/** What a {@link Dialer} is made with. */
export interface DialerOptions {
  /** A host name or an IP address. */
  address: string;
  port: number;
  key: ClusterKey;
  self: Identity;
  /** Who must be there; undefined: anybody with the key. */
  expects?: ProcessName;
  /** Spreads the retries of several processes. */
  random: { below(end: number): number };
  /** Receives each new link, after the one before has broken. Set its callbacks before this turn ends. */
  onUp(link: Link): void;
  limits?: Partial<LinkLimits>;
}

/**
 * Dials until a link stands, and again when it has broken. Retries wait from 20 ms up to 1 s; the delay starts over only
 * after a link that stood for longer than that, or a peer that accepts and breaks would be dialled without pause.
 */
export class Dialer {
  /** The link that stands. */
  link: Link | undefined;
  /** Why the last attempt failed, or the last link broke; undefined before the first failure. */
  lastFailure: string | undefined;
  /** The number of failures in a row, broken links that stood only briefly included. */
  failures = 0;
  private attempt: Handshake | undefined;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: DialerOptions) {
    this.dial();
  }

  /** Breaks the link and dials no more. */
  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.attempt?.fail('closed');
    this.link?.close('closed');
  }

  private dial(): void {
    const { address, port, key, self, expects, limits } = this.options;
    this.attempt = new Handshake(secureConnect(address, port, key), {
      side: 'client',
      self,
      expects,
      limits: { ...DEFAULT_LIMITS, ...limits },
      onLink: (link) => this.up(link),
      onFailure: (why) => this.failed(why),
    });
  }

  private up(link: TcpLink): void {
    this.attempt = undefined;
    this.link = link;
    const upMs = performance.now();
    link.onBroken = (why) => {
      this.link = undefined;
      if (performance.now() - upMs > MAX_DELAY_MS) this.failures = 0;
      this.failed(why);
    };
    this.options.onUp(link);
  }

  private failed(why: string): void {
    this.attempt = undefined;
    if (this.closed) return;
    this.lastFailure = why;
    // From half the delay up to all of it. The exponent is bounded, for the failures of a month.
    const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(this.failures, 10));
    this.failures++;
    this.retry = setTimeout(() => this.dial(), delayMs / 2 + this.options.random.below(delayMs / 2 + 1));
  }
}
