import type { AnyHart } from '../cpu/checked-hart.ts';

/** The hart tells once that a page has changed; from here several listeners learn of it, each for itself. */
export class ChangedPages {
  private readonly listeners = new Set<Set<number>>();

  constructor(private readonly hart: AnyHart) {}

  /** The numbers of the pages that change from now on; whoever asked takes them out. Up to date after {@link collect}. */
  listen(): Set<number> {
    this.collect();
    const pages = new Set<number>();
    this.listeners.add(pages);
    return pages;
  }

  stop(pages: Set<number>): void {
    this.listeners.delete(pages);
  }

  collect(): void {
    for (const page of this.hart.takeChanged()) for (const pages of this.listeners) pages.add(page);
  }
}
