import { assert } from '../../base/assert.ts';

interface Event {
  atNs: number;
  /** Orders events of one instant by when they were scheduled. */
  order: number;
  action: () => void;
}

const before = (a: Event, b: Event): boolean => a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order);

/** Virtual time: a priority queue of events. */
export class Scheduler {
  nowNs = 0;
  private scheduled = 0;
  private readonly heap: Event[] = [];

  /** No event is scheduled. */
  get idle(): boolean {
    return this.heap.length === 0;
  }

  /** When the next event is; infinity if there is none. */
  get nextNs(): number {
    return this.heap[0]?.atNs ?? Number.POSITIVE_INFINITY;
  }

  /** Time passes, up to a time before the next event. */
  pass(toNs: number): void {
    assert(toNs < this.nextNs, 'no event is skipped');
    this.nowNs = Math.max(this.nowNs, toNs);
  }

  at(atNs: number, action: () => void): void {
    const { heap } = this;
    const event = { atNs: Math.max(atNs, this.nowNs), order: this.scheduled++, action };
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (before(heap[parent]!, event)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
  }

  in(delayNs: number, action: () => void): void {
    this.at(this.nowNs + delayNs, action);
  }

  /** Performs the next event; false if there is none. */
  step(): boolean {
    const event = this.pop();
    if (!event) return false;
    this.nowNs = event.atNs;
    event.action();
    return true;
  }

  private pop(): Event | undefined {
    const { heap } = this;
    const first = heap[0];
    const moved = heap.pop();
    if (!first || !moved || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (before(moved, heap[child]!)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = moved;
    return first;
  }
}
