/** What a real replica shows to the checkers: its machine's history, and what reaches and leaves the host. */
import type { Ports } from '../../cluster/ports.ts';
import type { Effect, ReplicaEvent, ReplicaInput, StopReason } from '../../ft/effects.ts';
import { decodeMessage, kindOfMessage, type MessageOf } from '../../ft/messages.ts';
import type { Replica } from '../../ft/replica.ts';
import type { Entry } from '../../vmm/entries.ts';
import { lastOf } from '../../vmm/outputs.ts';
import type { Cover } from './format.ts';
import type { EvidenceWriter } from './writer.ts';

/** The log entries among these that cover outputs; `first`: the number of the first entry. */
function coversOf(first: number, entries: readonly Entry[]): Cover[] {
  const covers: Cover[] = [];
  for (const [index, entry] of entries.entries()) {
    const entryNumber = first + index;
    if (entry.kind === 'output') covers.push({ entry: entryNumber, made: entry.made });
    if (entry.kind === 'checkpoint' && entry.outputs.length > 0)
      covers.push({ entry: entryNumber, made: lastOf(entry.outputs.at(-1)!) });
  }
  return covers;
}

/** Records one replica in a file. */
export class ReplicaEvidence {
  /** The last entry whose cover was recorded as sent: the same entries go to each backup. */
  private sentUpTo = 0;
  /** The event of following that is recorded already. */
  private followed: ReplicaEvent | undefined;
  private replica!: Replica;

  constructor(private readonly file: EvidenceWriter) {}

  /** The replica is made. */
  begin(replica: Replica, role: 'primary' | 'backup' | 'spare'): void {
    this.replica = replica;
    const { primary, backups } = replica.record;
    this.file.append({ kind: 'booted', role, first: { primary, backups: [...backups] } });
  }

  /** An entry came through the machine's doors. */
  witness(entry: Entry): void {
    this.file.entry(entry);
  }

  /** The ports, with what leaves through them recorded. */
  ports<P extends Omit<Ports, 'clock'>>(ports: P): P {
    const { transport, edge, disk } = ports;
    return {
      ...ports,
      transport: {
        stream: (to, bytes) => {
          this.sending(bytes);
          transport.stream(to, bytes);
        },
        datagram: (to, bytes) => transport.datagram(to, bytes),
        restored: (peer) => transport.restored(peer),
      },
      edge: {
        release: (effect, delivered, received) => {
          const { outputs, generation } = effect;
          const [first, last] = [outputs[0]!.first, lastOf(outputs.at(-1)!)];
          this.file.append({ kind: 'released', first, last, generation });
          edge.release(effect, delivered, received);
        },
        listen: (offset, generation, typed) => edge.listen(offset, generation, typed),
        announce: (frame, next, generation, received) => edge.announce(frame, next, generation, received),
        inputsHeld: (frames, typed, generation) => edge.inputsHeld(frames, typed, generation),
      },
      disk: {
        perform: (effect, answer) => {
          // A copy to a private disk has negative numbers: it is no output of the guest.
          const { id, request, generation } = effect;
          if (request.operation === 'write' && id > 0)
            this.file.append({ kind: 'disk-write', id, generation });
          disk.perform(effect, answer);
        },
      },
    } satisfies Omit<Ports, 'clock'> as unknown as P;
  }

  private sending(bytes: Uint8Array): void {
    if (kindOfMessage(bytes) !== 'ack') return;
    const { generation, received } = decodeMessage(bytes) as MessageOf<'ack'>;
    this.file.append({ kind: 'acked', generation, received });
  }

  /** The replica has handled an input; its events are noted afterwards. */
  handled(input: ReplicaInput, effects: readonly Effect[]): void {
    if (input.kind !== 'message') return;
    const { from, bytes } = input;
    const kind = kindOfMessage(bytes);
    if (kind === 'ack') {
      const { generation, received } = decodeMessage(bytes) as MessageOf<'ack'>;
      this.file.append({ kind: 'ack', from, generation, received });
    } else if (kind === 'entries') {
      // The message that continues a log brings its next entries: it has followed before they arrived.
      for (const effect of effects) if (effect.do === 'note') this.follows(effect.event);
      this.arrived(decodeMessage(bytes) as MessageOf<'entries'>);
    }
  }

  private follows(event: ReplicaEvent): void {
    if (event.kind !== 'following' || event === this.followed) return;
    this.followed = event;
    const made = this.replica.vmm?.machine.outputsMade ?? 0;
    this.file.append({ kind: 'following', primary: event.primary, entry: event.entry, made });
  }

  /** Entries of another generation, or after a gap, are not taken. */
  private arrived({ generation, first, entries }: MessageOf<'entries'>): void {
    const last = first + entries.length - 1;
    const { replica } = this;
    if (entries.length === 0 || generation !== replica.generation || last > replica.logEnd) return;
    this.file.append({ kind: 'arrived', first, last, covers: coversOf(first, entries) });
  }

  /** An event of the replica; its effects before it are performed. Long: a case for each kind that is recorded. */
  noted(event: ReplicaEvent): void {
    const { file, replica } = this;
    const made = replica.vmm?.machine.outputsMade ?? 0;
    switch (event.kind) {
      case 'sent': {
        if (event.last <= this.sentUpTo) return;
        this.sentUpTo = event.last;
        const covers = coversOf(event.first, event.entries);
        if (covers.length > 0) file.append({ kind: 'sent', covers });
        return;
      }
      case 'copied':
        // Entries that were logged while no backup was there are in the copy, and are never sent.
        file.append({ kind: 'sent', covers: [{ entry: event.entry, made }] });
        return;
      case 'claimed':
      case 'won': {
        const { kind, generation, record } = event;
        file.append({ kind, generation, record: { ...record, backups: [...record.backups] } });
        return;
      }
      case 'live': {
        const { kind, generation, icount, history, from } = event;
        this.sentUpTo = 0;
        file.append({ kind, generation, icount, history, from });
        return;
      }
      case 'members': {
        const { kind, generation, icount, record } = event;
        file.append({ kind, generation, icount, record: { ...record, backups: [...record.backups] } });
        return;
      }
      case 'installed': {
        const { kind, from, history, icount } = event;
        file.append({ kind, from, generation: replica.generation, history, icount, made });
        return;
      }
      case 'following':
        return this.follows(event);
      case 'checked':
        // A backup notes the check at the end of a slice, after entries that came later.
        if (replica.role === 'primary')
          file.append({ kind: 'checked', icount: event.icount, hash: event.hash });
        return;
      case 'suspected':
        file.append({ ...event, silentNs: Math.max(0, event.silentNs) });
        return;
      // Their other fields are not written.
      case 'held':
      case 'lost':
      case 'evicted':
      case 'void':
      case 'joining':
      case 'join-ended':
      case 'switching':
      case 'off':
        file.append(event);
    }
  }

  /** The replica has stopped. */
  stopped(reason: StopReason): void {
    this.file.append({ kind: 'stopped', reason });
    if (reason === 'completed') this.state();
  }

  /** The host ends the replica. */
  end(): void {
    if (this.replica.role !== 'stopped') this.state();
  }

  private state(): void {
    const { vmm } = this.replica;
    if (!vmm) return;
    const { machine, icount } = vmm;
    const { off, code } = machine.power;
    this.file.append({ kind: 'state', icount, hash: machine.hash(), made: machine.outputsMade, off, code });
  }
}
