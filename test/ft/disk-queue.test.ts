import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DiskRequest } from '../../src/devices/device.ts';
import { type DiskLimits, type DiskOperation, DiskQueue } from '../../src/ft/disk-queue.ts';
import type { DiskOutput } from '../../src/vmm/outputs.ts';
import { examples } from '../thorough.ts';

const RETRY_NS = 10;
const never = Number.POSITIVE_INFINITY;

type Kind = DiskRequest['operation'];
const requestOf = (operation: Kind, sector: number, sectors: number): DiskRequest => {
  if (operation === 'flush') return { operation };
  if (operation === 'read') return { operation, sector, sizeBytes: sectors * 512 };
  return { operation, sector, data: new Uint8Array(sectors * 512) };
};
const outputOf = (first: number, request: DiskRequest): DiskOutput => ({ kind: 'disk', first, request });

/** Whether two requests would race: a model that compares sector by sector. */
function race(a: DiskRequest, b: DiskRequest): boolean {
  const sectors = (request: DiskRequest) => {
    if (request.operation === 'flush') return [];
    const bytes = request.operation === 'read' ? request.sizeBytes : request.data.length;
    return Array.from({ length: bytes / 512 }, (_, index) => request.sector + index);
  };
  const writes = a.operation === 'write' || b.operation === 'write';
  return writes && sectors(a).some((sector) => sectors(b).includes(sector));
}

/** The model of an operation, independent of any queue. */
interface Known {
  id: number;
  request: DiskRequest;
  entry: number;
  issuedNs: number | undefined;
  answered: boolean;
  doneEntry: number | undefined;
}

/** A host with its queue, a disk that answers in any order, and the log in between. */
class Bench {
  readonly queue = new DiskQueue();
  readonly all: Known[] = [];
  made = 0;
  entry = 0;
  held = 0;
  consumed = 0;
  nowNs = 0;
  /** No operation below this may be sent to the disk any more. */
  lowWater = 0;
  issues = 0;
  waits = 0;

  constructor(private readonly rules: { writesWait: boolean; everyoneReads: boolean }) {}

  get limits(): DiskLimits {
    return { writesWait: this.rules.writesWait, ordered: true, others: true, held: this.held };
  }

  /** The last entry that every replica holds, or has consumed if every replica reads. */
  get past(): number {
    return this.rules.everyoneReads ? this.consumed : this.held;
  }

  /** The guest starts operations in one slice, with `gap` other outputs after them. */
  start(requests: readonly DiskRequest[], gap: number): void {
    this.entry++;
    const outputs = requests.map((request) => outputOf(++this.made, request));
    this.made += gap;
    for (const { first: id, request } of outputs)
      this.all.push({
        id,
        request,
        entry: this.entry,
        issuedNs: undefined,
        answered: false,
        doneEntry: undefined,
      });
    this.queue.start(outputs, this.entry);
  }

  issue(retryNs = never): void {
    this.queue.discard(this.past);
    const operations = this.queue.ready(this.limits, this.nowNs, retryNs);
    expect(operations.map(({ id }) => id)).toEqual(this.due(retryNs).map(({ id }) => id));
    for (const operation of operations) this.issued(operation);
    const lowWater = this.queue.lowWater(this.made);
    expect(lowWater).toBeGreaterThanOrEqual(this.lowWater);
    this.lowWater = lowWater;
  }

  /** The operations that the rules allow to be sent to the disk. */
  private due(retryNs: number): Known[] {
    return this.all.filter((known) => {
      if (known.answered || known.doneEntry !== undefined) return false;
      if (known.issuedNs !== undefined) return this.nowNs - known.issuedNs >= retryNs;
      const blockers = this.all.filter(
        (other) => other.id < known.id && race(other.request, known.request) && !this.over(other),
      );
      const covered =
        known.request.operation !== 'write' || !this.rules.writesWait || known.entry <= this.held;
      if (blockers.length > 0 || !covered) this.waits++;
      return blockers.length === 0 && covered;
    });
  }

  /** Whether no replica can repeat it. */
  over({ doneEntry }: Known): boolean {
    return doneEntry !== undefined && doneEntry <= this.past;
  }

  private issued(operation: DiskOperation): void {
    const known = this.all.find(({ id }) => id === operation.id)!;
    expect(operation.request).toEqual(known.request);
    expect(operation.again).toBe(known.issuedNs !== undefined);
    expect(known.id).toBeGreaterThanOrEqual(this.lowWater);
    for (const other of this.all)
      if (race(other.request, known.request)) {
        const underWay = other.issuedNs !== undefined && other.doneEntry === undefined && other !== known;
        expect(underWay, `${other.id} is under way`).toBe(false);
        // No later operation that races with it was started before it.
        if (other.id > known.id) expect(other.issuedNs).toBeUndefined();
      }
    known.issuedNs = this.nowNs;
    this.issues++;
  }

  /** The disk answers one of the operations sent to it. */
  answer(choice: number): void {
    const open = this.all.filter(({ issuedNs, answered }) => issuedNs !== undefined && !answered);
    const known = open[choice % open.length];
    if (!known) return;
    known.answered = true;
    this.queue.find(known.id)!.answer = { data: new Uint8Array(0) };
  }

  /** The machine gets an answer, which is logged. */
  complete(choice: number): void {
    const answered = this.all.filter((known) => known.answered && known.doneEntry === undefined);
    const known = answered[choice % answered.length];
    if (!known) return;
    known.doneEntry = ++this.entry;
    this.queue.complete(known.id, known.doneEntry);
  }

  hold(count: number): void {
    this.held = Math.min(this.entry, this.held + count);
  }

  consume(count: number): void {
    this.consumed = Math.min(this.held, this.consumed + count);
  }

  check(): void {
    const open = this.all.filter(({ doneEntry }) => doneEntry === undefined);
    expect(this.queue.open.map(({ id }) => id)).toEqual(open.map(({ id }) => id));
  }

  /** The queue of a backup that goes live: it has replayed the log up to `held`, and starts from there. */
  failover(): void {
    const { queue, all, held, lowWater } = this;
    const other = new DiskQueue();
    const seen = all.filter(({ entry }) => entry <= held);
    for (let entry = 1; entry <= held; entry++) {
      other.start(
        seen.filter((known) => known.entry === entry).map(({ id, request }) => outputOf(id, request)),
        entry,
      );
      for (const { id, doneEntry } of seen) if (doneEntry === entry) other.complete(id, entry);
    }
    other.restart(held);
    const open = seen.filter(({ doneEntry }) => doneEntry === undefined || doneEntry > held);
    expect(other.open.map(({ id }) => id)).toEqual(open.map(({ id }) => id));
    const again = other.ready({ ...this.limits, held }, 0);
    for (const { id, again: mark } of again) {
      expect(id).toBeGreaterThanOrEqual(lowWater);
      expect(mark).toBe(true);
    }
    for (const { id, request } of open) {
      // No later operation that races with a repeated one was started.
      const later = all.filter(
        (known) => known.id > id && known.issuedNs !== undefined && race(known.request, request),
      );
      expect(later.map((known) => known.id)).toEqual([]);
    }
    expect(queue).not.toBe(other);
  }
}

/** Operation, first sector, number of sectors. */
const request = fc.tuple(
  fc.constantFrom<Kind>('read', 'write', 'write', 'flush'),
  fc.nat(5),
  fc.integer({ min: 1, max: 3 }),
);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      requests: fc.array(request, { minLength: 1, maxLength: 3 }),
      gap: fc.nat(2),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('issue' as const), retry: fc.boolean() }) },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constantFrom('answer' as const, 'complete' as const), choice: fc.nat(20) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('hold' as const, 'consume' as const), count: fc.nat(4) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ns: fc.nat(RETRY_NS) }) },
);
const rules = fc.record({ writesWait: fc.boolean(), everyoneReads: fc.boolean() });

function take(bench: Bench, action: typeof step extends fc.Arbitrary<infer S> ? S : never): void {
  switch (action.do) {
    case 'start':
      return bench.start(
        action.requests.map((parts) => requestOf(...parts)),
        action.gap,
      );
    case 'issue':
      return bench.issue(action.retry ? RETRY_NS : never);
    case 'answer':
    case 'complete':
      return bench[action.do](action.choice);
    case 'hold':
    case 'consume':
      return bench[action.do](action.count);
    case 'wait':
      bench.nowNs += action.ns;
  }
}

describe('disk operations', () => {
  test('on the same sectors are neither concurrent nor reordered, and all of them complete', () => {
    let [issues, waits] = [0, 0];
    fc.assert(
      fc.property(rules, fc.array(step, { minLength: 20, maxLength: 120 }), (rule, steps) => {
        const bench = new Bench(rule);
        for (const action of steps) {
          take(bench, action);
          bench.check();
        }
        issues += bench.issues;
        waits += bench.waits;
        for (let round = 0; bench.queue.open.length > 0; round++) {
          expect(round).toBeLessThan(3 * bench.all.length + 3);
          bench.hold(bench.entry);
          bench.consume(bench.entry);
          bench.issue();
          bench.answer(0);
          bench.complete(0);
        }
        bench.hold(bench.entry);
        bench.consume(bench.entry);
        bench.issue();
        expect(bench.lowWater).toBe(bench.made + 1);
      }),
      { numRuns: examples(300) },
    );
    expect(issues).toBeGreaterThan(examples(1000));
    expect(waits).toBeGreaterThan(examples(500));
  });

  test('can be repeated by a backup that goes live: no later operation that races was started', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
        const bench = new Bench({ writesWait: true, everyoneReads: false });
        for (const action of steps) {
          take(bench, action);
          bench.failover();
        }
      }),
      { numRuns: examples(150) },
    );
  });

  test('are repeated after a restart, each once, in order', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
        const bench = new Bench({ writesWait: true, everyoneReads: false });
        for (const action of steps) take(bench, action);
        const { queue } = bench;
        const expected = queue.open.map(({ id }) => id);
        queue.restart(bench.entry);
        queue.discard(bench.entry);
        const limits = { ...bench.limits, held: never };
        const issued: number[] = [];
        for (let round = 0; queue.open.length > 0; round++) {
          expect(round).toBeLessThan(expected.length + 1);
          for (const operation of queue.ready(limits, bench.nowNs)) {
            expect(operation).toMatchObject({ again: true, answer: undefined });
            issued.push(operation.id);
          }
          expect(queue.ready(limits, bench.nowNs)).toEqual([]);
          const [first] = queue.open;
          queue.complete(first!.id, bench.entry);
          queue.discard(bench.entry);
        }
        expect([...issued].sort((a, b) => a - b)).toEqual(expected);
      }),
      { numRuns: examples(150) },
    );
  });

  const limits: DiskLimits = { held: 0, ordered: true, others: true, writesWait: true };
  const write = (id: number, sector: number) => outputOf(id, requestOf('write', sector, 1));
  const idsOf = (operations: readonly DiskOperation[]) => operations.map(({ id }) => id);

  test('that write wait for the entry that covers them; reads and flushes do not', () => {
    const queue = new DiskQueue();
    queue.start([write(1, 0), outputOf(2, requestOf('read', 1, 1)), outputOf(3, { operation: 'flush' })], 4);
    expect(idsOf(queue.ready({ ...limits, held: 3 }, 0))).toEqual([2, 3]);
    expect(idsOf(queue.ready({ ...limits, held: 4 }, 0))).toEqual([1]);
  });

  test('that race wait until every replica is past the completion of the other, not only for its answer', () => {
    const queue = new DiskQueue();
    queue.start([write(1, 0), write(2, 0)], 1);
    const ready = (past: number) => {
      queue.discard(past);
      return idsOf(queue.ready({ ...limits, held: 2 }, 0));
    };
    expect(ready(1)).toEqual([1]);
    queue.find(1)!.answer = { data: new Uint8Array(0) };
    expect(ready(1)).toEqual([]);
    queue.complete(1, 2);
    expect([ready(1), queue.lowWater(2)]).toEqual([[], 1]);
    expect([ready(2), queue.lowWater(2)]).toEqual([[2], 2]);
  });

  test('on a private disk wait only until the host has the completion of the other', () => {
    const queue = new DiskQueue();
    queue.start([write(1, 0), outputOf(2, requestOf('read', 0, 1))], 1);
    const ready = () => idsOf(queue.ready({ ...limits, others: false, writesWait: false }, 0));
    expect(ready()).toEqual([1]);
    expect(ready()).toEqual([]);
    queue.complete(1, 2);
    expect(ready()).toEqual([2]);
  });

  test('may race when the rule is switched off', () => {
    const queue = new DiskQueue();
    queue.start([write(1, 0), write(2, 0)], 0);
    expect(idsOf(queue.ready({ ...limits, ordered: false }, 0))).toEqual([1, 2]);
  });

  test('are started only if the filter of the replica admits them', () => {
    const queue = new DiskQueue();
    queue.start([write(1, 0), write(2, 5)], 0);
    expect(idsOf(queue.ready(limits, 0, never, ({ id }) => id === 2))).toEqual([2]);
  });

  test('that are not among the open ones of a checkpoint are completed', () => {
    const queue = new DiskQueue();
    queue.start([write(1, 0), write(2, 5), write(3, 0)], 0);
    queue.keep([2, 3], 6);
    expect(idsOf(queue.open)).toEqual([2, 3]);
    queue.discard(5);
    expect(idsOf(queue.ready(limits, 0))).toEqual([2]);
    queue.discard(6);
    expect(idsOf(queue.ready(limits, 0))).toEqual([3]);
  });
});
