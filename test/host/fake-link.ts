/** Two ends of a link in memory: messages arrive in a later turn of the event loop, in order. */
import type { Identity, Link } from '../../src/host/wire/link.ts';

class FakeLink implements Link {
  onMessage: (message: Uint8Array) => void = () => {};
  onClose: (why: string) => void = () => {};
  readonly queuedBytes = 0;
  other!: FakeLink;
  private open = true;

  constructor(readonly peer: Identity) {}

  send(message: Uint8Array): void {
    if (!this.open) return;
    const copy = message.slice();
    setImmediate(() => this.other.open && this.other.onMessage(copy));
  }

  close(why: string): void {
    for (const end of [this, this.other]) {
      if (!end.open) continue;
      end.open = false;
      setImmediate(() => end.onClose(why));
    }
  }
}

/** The ends at `a` and at `b`: the first one's peer is `b`. */
export function fakeLink(a: Identity, b: Identity): [Link, Link] {
  const [atA, atB] = [new FakeLink(b), new FakeLink(a)];
  atA.other = atB;
  atB.other = atA;
  return [atA, atB];
}
