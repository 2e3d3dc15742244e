/**
 * Messages, found by what is in them: one process has written that something left, another one that it arrived. Clocks may
 * differ, so an arrival may be seen first.
 */
import type { EvidenceOf } from '../../host/evidence/format.ts';
import { STORAGE, SWITCH } from '../../sim/faults/faults.ts';
import type { Sighting } from './records.ts';

/** A message whose departure and arrival are known. */
export interface Passage {
  from: string;
  to: string;
  what: 'entries' | 'ack' | 'claim' | 'record' | 'release' | 'disk';
  departedNs: number;
  arrivedNs: number;
  first: number;
  last: number;
  /** It may be another one that arrived: of no use to compare clocks. */
  isGuess: boolean;
}

/** The longest that a message is looked for. */
export const LONGEST_NS = 2_000_000_000;
/** Departures and arrivals that are remembered. */
const MAX_REMEMBERED = 1 << 13;

/** Times by key; the oldest keys are forgotten. */
class Times {
  private readonly byKey = new Map<string, number[]>();

  add(key: string, atNs: number): void {
    const { byKey } = this;
    const known = byKey.get(key);
    if (known) known.push(atNs);
    else byKey.set(key, [atNs]);
    if (byKey.size > MAX_REMEMBERED) byKey.delete(byKey.keys().next().value!);
  }

  /** The oldest time that is near to another one, which is not given again. */
  take(key: string, nearNs: number): number | undefined {
    const known = this.byKey.get(key);
    if (!known) return undefined;
    while (known.length > 0 && known[0]! < nearNs - LONGEST_NS) known.shift();
    const atNs = known.shift();
    if (known.length === 0) this.byKey.delete(key);
    return atNs;
  }

  /** The oldest time that is near to another one. */
  first(key: string, nearNs: number): number | undefined {
    return this.byKey.get(key)?.find((atNs) => Math.abs(atNs - nearNs) <= LONGEST_NS);
  }
}

/** Outputs that left a host. */
interface Release {
  first: number;
  last: number;
  atNs: number;
}

/** A claim that was won. */
interface Won {
  host: string;
  generation: number;
  claimedNs: number;
  atNs: number;
}

/** See the head of this file. */
export class Messages {
  /** Of entries, by sender and number. */
  private readonly sent = new Times();
  private readonly arrivedEarly = new Times();
  private readonly acked = new Times();
  private readonly ackedEarly = new Times();
  private readonly paired = new Times();
  private readonly writes = new Times();
  private readonly shownEarly = new Times();
  private readonly claims = new Times();
  /** When storage had the first record of each generation. */
  private readonly claimed = new Map<number, number>();
  private wonEarly: Won | undefined;
  /** The primary that each host follows. */
  private readonly leaders = new Map<string, string>();
  private readonly releases = new Map<string, Release[]>();
  private readonly liveNs = new Map<string, number>();

  /** `found` gets each message once, when both of its ends are known. */
  constructor(private readonly found: (passage: Passage) => void) {}

  /** Takes the next record. Long: a case for each kind that is an end of a message. */
  take({ life, record, atNs }: Sighting): void {
    const { node } = life;
    switch (record.kind) {
      case 'booted':
        this.leaders.set(node, record.first.primary);
        return;
      case 'following':
        this.leaders.set(node, record.primary);
        return;
      case 'live':
        this.liveNs.set(node, atNs);
        return;
      case 'sent':
        return this.entriesLeft(node, record, atNs);
      case 'arrived':
        return this.entriesArrived(node, record, atNs);
      case 'acked':
        return this.ackLeft(node, record, atNs);
      case 'ack':
        return this.ackArrived(node, record, atNs);
      case 'claimed':
        return this.claims.add(`${node} ${record.generation}`, atNs);
      case 'generation':
        return this.recorded(record.generation, atNs);
      case 'won':
        return this.won(node, record.generation, atNs);
      case 'released':
        return this.released(node, record, atNs);
      case 'disk-write':
        return this.writes.add(`${node} ${record.id}`, atNs);
      case 'console':
        return this.shown(record.first, record.first + record.data.length - 1, atNs);
      case 'frame':
        return this.shown(record.number, record.number, atNs);
      case 'write':
        return this.written(record.id, atNs);
    }
  }

  // ── Between hosts ─────────────────────────────────────────────────────────────────────────────────────────────────

  private ackLeft(from: string, { generation, received }: EvidenceOf<'acked'>, atNs: number): void {
    const to = this.leaders.get(from) ?? '';
    const key = `${from} ${to} ${generation} ${received}`;
    const early = this.ackedEarly.take(key, atNs);
    if (early === undefined) this.acked.add(key, atNs);
    else this.ack(key, from, to, received, atNs, early);
  }

  private ackArrived(to: string, { from, generation, received }: EvidenceOf<'ack'>, atNs: number): void {
    const key = `${from} ${to} ${generation} ${received}`;
    const departedNs = this.acked.take(key, atNs);
    if (departedNs === undefined) this.ackedEarly.add(key, atNs);
    else this.ack(key, from, to, received, departedNs, atNs);
  }

  /** Of those that say the same again, one may have been lost. */
  private ack(
    key: string,
    from: string,
    to: string,
    last: number,
    departedNs: number,
    arrivedNs: number,
  ): void {
    const isGuess = this.paired.first(key, arrivedNs) !== undefined;
    if (!isGuess) this.paired.add(key, arrivedNs);
    this.found({ ...{ from, to, what: 'ack', departedNs, arrivedNs, first: last, last }, isGuess });
  }

  /** The same entries go to each backup; when they left is written once. */
  private entriesLeft(from: string, { covers }: EvidenceOf<'sent'>, atNs: number): void {
    for (const { entry } of covers) {
      this.sent.add(`${from} ${entry}`, atNs);
      for (const to of this.leaders.keys()) {
        const key = `${from} ${entry} ${to}`;
        for (
          let at = this.arrivedEarly.take(key, atNs);
          at !== undefined;
          at = this.arrivedEarly.take(key, atNs)
        )
          this.entries(from, to, entry, entry, atNs, at);
      }
    }
  }

  private entriesArrived(to: string, { first, last, covers }: EvidenceOf<'arrived'>, atNs: number): void {
    const covering = covers.at(-1)?.entry;
    const from = this.leaders.get(to);
    if (covering === undefined || from === undefined) return;
    const departedNs = this.sent.first(`${from} ${covering}`, atNs);
    if (departedNs === undefined) this.arrivedEarly.add(`${from} ${covering} ${to}`, atNs);
    else this.entries(from, to, first, last, departedNs, atNs);
  }

  private entries(
    from: string,
    to: string,
    first: number,
    last: number,
    departedNs: number,
    arrivedNs: number,
  ): void {
    this.found({ ...{ from, to, what: 'entries', departedNs, arrivedNs, first, last }, isGuess: false });
  }

  // ── To and from storage ───────────────────────────────────────────────────────────────────────────────────────────

  /** The claim that storage takes is that of the first record of a generation. */
  private recorded(generation: number, atNs: number): void {
    const { claimed } = this;
    if (claimed.has(generation)) return;
    claimed.set(generation, atNs);
    if (claimed.size > MAX_REMEMBERED) claimed.delete(claimed.keys().next().value!);
    const early = this.wonEarly;
    this.wonEarly = undefined;
    // A storage service that writes evidence only now lists what is long recorded.
    if (early?.generation === generation && atNs - early.atNs < LONGEST_NS) this.claim(early, atNs);
  }

  private won(host: string, generation: number, atNs: number): void {
    const claimedNs = this.claims.take(`${host} ${generation}`, atNs);
    if (claimedNs === undefined) return;
    const recordedNs = this.claimed.get(generation);
    const won = { host, generation, claimedNs, atNs };
    if (recordedNs === undefined) this.wonEarly = won;
    else this.claim(won, recordedNs);
  }

  private claim({ host, generation, claimedNs, atNs }: Won, recordedNs: number): void {
    const numbers = { first: generation, last: generation, isGuess: false };
    this.found({
      ...{ from: host, to: STORAGE, what: 'claim', departedNs: claimedNs, arrivedNs: recordedNs },
      ...numbers,
    });
    this.found({
      ...{ from: STORAGE, to: host, what: 'record', departedNs: recordedNs, arrivedNs: atNs },
      ...numbers,
    });
  }

  private written(id: number, atNs: number): void {
    let best: { from: string; departedNs: number } | undefined;
    for (const from of this.leaders.keys()) {
      const departedNs = this.writes.first(`${from} ${id}`, atNs);
      if (departedNs === undefined || departedNs > atNs) continue;
      if (!best || departedNs > best.departedNs) best = { from, departedNs };
    }
    if (!best) return;
    this.found({
      ...{ ...best, to: STORAGE, what: 'disk', arrivedNs: atNs, first: id, last: id },
      isGuess: true,
    });
  }

  // ── To the switch ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** What a host releases soon after it went live, another one may have released before. */
  private mayBeAgain(host: string, atNs: number): boolean {
    return atNs <= (this.liveNs.get(host) ?? Number.NEGATIVE_INFINITY) + LONGEST_NS;
  }

  private released(host: string, { first, last }: EvidenceOf<'released'>, atNs: number): void {
    const known = this.releases.get(host) ?? [];
    known.push({ first, last, atNs });
    if (known.length > 2 * MAX_REMEMBERED) known.splice(0, MAX_REMEMBERED);
    this.releases.set(host, known);
    const early = this.mayBeAgain(host, atNs) ? undefined : this.shownEarly.take(`${last}`, atNs);
    if (early !== undefined) this.release(host, first, last, atNs, early);
  }

  /** New outputs: of the hosts that have released them, the last one before. */
  private shown(first: number, last: number, atNs: number): void {
    let best: { host: string; departedNs: number } | undefined;
    for (const [host, releases] of this.releases)
      for (let index = releases.length - 1; index >= 0; index--) {
        const release = releases[index]!;
        if (release.atNs < Math.max(atNs - LONGEST_NS, best?.departedNs ?? 0)) break;
        if (release.first > first || release.last < last) continue;
        best = { host, departedNs: release.atNs };
        break;
      }
    if (best) this.release(best.host, first, last, best.departedNs, atNs);
    else this.shownEarly.add(`${last}`, atNs);
  }

  private release(from: string, first: number, last: number, departedNs: number, arrivedNs: number): void {
    this.found({
      ...{ from, to: SWITCH, what: 'release', departedNs, arrivedNs, first, last },
      isGuess: this.mayBeAgain(from, departedNs),
    });
  }
}
