/** A switch in memory, with its journal, hosts and terminals, that can be killed at any point. */
import { encode } from '../../src/base/codec.ts';
import { ConsoleServer } from '../../src/host/switch/console-server.ts';
import { EdgeClient, type EdgeClientPort } from '../../src/host/switch/edge-client.ts';
import { type EdgeRequest, edgeRequest } from '../../src/host/switch/edge-messages.ts';
import type { Persist } from '../../src/host/switch/edge-records.ts';
import { EdgeServer } from '../../src/host/switch/edge-server.ts';
import type { NetworkPort } from '../../src/host/switch/network-port.ts';
import type { Identity, Link, ProcessRole } from '../../src/host/wire/link.ts';
import { fakeLink } from './fake-link.ts';

export const GROUP = 'g1';

export const identity = (role: ProcessRole, name: string): Identity => ({ role, name, bootId: 1n });

/** Lets everything happen that can happen now. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A journal that is durable record by record, when told to. */
export class MemoryJournal implements Persist {
  records: Uint8Array[] = [];
  /** Records are durable at once. */
  prompt = true;
  rewrites = 0;
  private waiting: { write: () => void; resolve: () => void }[] = [];

  append(record: Uint8Array): Promise<void> {
    return this.later(() => this.records.push(record.slice()));
  }

  rewrite(records: readonly Uint8Array[]): Promise<void> {
    return this.later(() => {
      this.records = records.map((record) => record.slice());
      this.rewrites++;
    });
  }

  private later(write: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ write, resolve });
      if (this.prompt) setImmediate(() => this.flush());
    });
  }

  /** Makes up to `count` of the waiting records durable. */
  flush(count = Number.POSITIVE_INFINITY): void {
    for (const { write, resolve } of this.waiting.splice(0, count)) {
      write();
      resolve();
    }
  }

  /** The process is killed: of the waiting records some are written, and nobody hears of it. */
  kill(written: number): void {
    for (const { write } of this.waiting.splice(0).slice(0, written)) write();
  }
}

/** The switch process. */
export class TestSwitch {
  readonly journal = new MemoryJournal();
  readonly failures: Error[] = [];
  server!: EdgeServer;
  consoles!: ConsoleServer;
  private links: Link[] = [];

  constructor() {
    this.start();
  }

  private start(): void {
    this.server = new EdgeServer({
      persist: this.journal,
      nowMs: () => 0,
      failed: (error) => this.failures.push(error),
    });
    for (const record of this.journal.records) this.server.replay(record);
    this.consoles = new ConsoleServer(this.server);
  }

  /** Kills it and starts it again. */
  async restart(written = 0): Promise<void> {
    this.journal.kill(written);
    for (const link of this.links.splice(0)) {
      link.onMessage = () => {};
      link.onClose = () => {};
      link.close('killed');
    }
    this.start();
    await settle();
  }

  /** A link for a host; its end there. */
  host(name: string): Link {
    const [there, here] = fakeLink(identity('host', name), identity('switch', 'switch'));
    this.links.push(here);
    this.server.serve(here);
    return there;
  }

  /** A link for a terminal; its end there. */
  terminal(name: string): Link {
    const [there, here] = fakeLink(identity('control', name), identity('switch', 'switch'));
    this.links.push(here);
    this.consoles.serve(here);
    return there;
  }

  /** A host's edge port, over a link of its own, and that link. */
  edge(name: string, group = GROUP): { port: EdgeClientPort; link: Link; client: EdgeClient; why: string[] } {
    const link = this.host(name);
    const why: string[] = [];
    const client = new EdgeClient((reason) => why.push(reason));
    client.attach(link);
    return { port: client.port(group), link, client, why };
  }
}

/** A port of the network that remembers what it was sent. */
export class TestPort implements NetworkPort {
  onFrame: (frame: Uint8Array) => void = () => {};
  onClose: (why: string) => void = () => {};
  readonly sent: Uint8Array[] = [];
  closed: string | undefined;

  constructor(readonly description: string) {}

  send(frame: Uint8Array): void {
    this.sent.push(frame);
  }

  close(why: string): void {
    this.closed = why;
    this.onClose(why);
  }
}

/** A frame between two stations, which are bytes of their addresses; `tag` makes it distinguishable. */
export function frameOf(to: number, from: number, tag: number, sizeBytes = 60): Uint8Array {
  const frame = new Uint8Array(sizeBytes);
  if (to === 255) frame.fill(255, 0, 6);
  else frame.set([2, 0, 0, 0, to >> 8, to & 255]);
  frame.set([2, 0, 0, 0, from >> 8, from & 255], 6);
  frame.set([8, 0, tag >> 8, tag & 255], 12);
  return frame.length === sizeBytes ? frame : frame.slice(0, sizeBytes);
}

export const tagOf = (frame: Uint8Array): number => frame[14]! * 256 + frame[15]!;

export const requestBytes = (request: EdgeRequest): Uint8Array => encode(edgeRequest, request);
