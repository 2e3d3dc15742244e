import type { AnyHart } from '../cpu/checked-hart.ts';

/** Distributes the hart's changed pages, which can be taken only once, to several listeners. */
export class ChangedPages {
  private readonly listeners = new Set<Set<number>>();

  constructor(private readonly hart: AnyHart) {}

  /**
   * The numbers of the pages that change from now on. The caller removes those it has handled. Current after
   * {@link collect}.
   */
  listen(): Set<number> {
    this.collect();
    const pages = new Set<number>();
    this.listeners.add(pages);
    return pages;
  }

  /** Ends a {@link listen}. */
  stop(pages: Set<number>): void {
    this.listeners.delete(pages);
  }

  /** Moves the changed pages, with `among` those of these pages, from the hart to every listener. */
  collect(among?: readonly number[]): void {
    for (const page of this.hart.takeChanged(among)) for (const pages of this.listeners) pages.add(page);
  }
}
