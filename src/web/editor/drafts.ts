/** Edited sources, by the names of their programs. */

/** Where drafts are kept beyond this page: `localStorage`, or what is like it. */
export interface DraftStorage {
  getItem(key: string): string | null;
  setItem(key: string, text: string): void;
  removeItem(key: string): void;
}

const PREFIX = 'vmft/draft/';

/**
 * Drafts by name. They are in memory, and in the storage as far as there is one: a sandboxed frame has none, and another
 * may be full. Memory has the last word, so that nothing is lost while the page is open.
 */
export class Drafts {
  private readonly changed = new Map<string, string | undefined>();
  private readonly storage: DraftStorage | undefined;

  /** @param open returns the storage, or throws if the page may have none */
  constructor(open: () => DraftStorage) {
    this.storage = attempt(open);
  }

  /** The draft of this program; undefined without one. */
  get(name: string): string | undefined {
    if (this.changed.has(name)) return this.changed.get(name);
    return attempt(() => this.storage?.getItem(PREFIX + name)) ?? undefined;
  }

  /** Keeps a draft; undefined drops it. Returns whether it outlives the page. */
  set(name: string, text: string | undefined): boolean {
    this.changed.set(name, text);
    const stored = attempt(() => {
      if (text === undefined) this.storage?.removeItem(PREFIX + name);
      else this.storage?.setItem(PREFIX + name, text);
      return this.storage !== undefined;
    });
    return stored ?? false;
  }
}

/** What an access to a storage returns; undefined if it throws. */
function attempt<T>(access: () => T): T | undefined {
  try {
    return access();
  } catch {
    return undefined;
  }
}
