import type { Random } from '../../base/random.ts';
import { type NodeId, STORAGE, SWITCH } from '../faults/faults.ts';
import { Link } from './link.ts';
import type { Scheduler } from './scheduler.ts';

/** The one-way delays of links between two hosts, to or from the switch, and to or from storage. */
const HOST_DELAY_NS = 50_000;
const SWITCH_DELAY_NS = 50_000;
const STORAGE_DELAY_NS = 100_000;

/** The cluster's network: a link in each direction between any two nodes. */
export class Mesh {
  private readonly links = new Map<string, { from: NodeId; to: NodeId; link: Link }>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    private readonly bitsPerSecond: number,
  ) {}

  link(from: NodeId, to: NodeId): Link {
    const key = `${from}>${to}`;
    const known = this.links.get(key);
    if (known) return known.link;
    const ends = [from, to];
    const delayNs = ends.includes(STORAGE)
      ? STORAGE_DELAY_NS
      : ends.includes(SWITCH)
        ? SWITCH_DELAY_NS
        : HOST_DELAY_NS;
    const link = new Link(this.scheduler, delayNs, this.bitsPerSecond, this.random);
    this.links.set(key, { from, to, link });
    return link;
  }

  /** The links that have been used, in the order of their first use. */
  get all(): Iterable<{ from: NodeId; to: NodeId; link: Link }> {
    return this.links.values();
  }

  /** The links that a fault between two nodes affects. */
  between(from: NodeId, to: NodeId, both = true): Link[] {
    return both ? [this.link(from, to), this.link(to, from)] : [this.link(from, to)];
  }

  /** A node has lost its power: cuts its outgoing links. */
  cut(node: NodeId, random: Random): void {
    for (const { from, link } of this.links.values()) if (from === node) link.cut(random);
  }

  /** Bytes that hosts have sent to each other. */
  get carriedBytes(): number {
    let sum = 0;
    for (const { from, to, link } of this.links.values())
      if (![from, to].includes(STORAGE) && ![from, to].includes(SWITCH)) sum += link.carriedBytes;
    return sum;
  }
}
