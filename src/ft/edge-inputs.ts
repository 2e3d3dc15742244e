import { virtioOf } from '../vmm/description.ts';
import type { Entry } from '../vmm/entries.ts';
import { announcement } from './announce.ts';
import { HeldInputs } from './held-inputs.ts';
import type { ReplicaState } from './state.ts';

/** Console and switch as a primary sees them: where its guest is attached, and which of their inputs it has taken. */
export class EdgeInputs {
  /** The offset of the next byte of console input that is accepted. */
  private consoleOffset: number;
  /** The number of the next frame that is accepted. */
  private nextFrame: number;
  private readonly inputs: HeldInputs;

  constructor(private readonly replica: ReplicaState) {
    const { consoleReceived } = replica.vmm.machine;
    this.consoleOffset = consoleReceived;
    this.nextFrame = replica.frames + 1;
    this.inputs = new HeldInputs({ frames: replica.frames, typed: consoleReceived });
  }

  /** Attaches the VM to the edge: an announcement to the switch for each network card, a `listen` to the console. */
  attach(): void {
    const { replica } = this;
    const { generation } = replica;
    for (const { mac } of virtioOf(replica.options.description, 'net'))
      replica.effects.push({
        do: 'announce',
        frame: announcement(mac),
        nextFrame: this.nextFrame,
        generation,
      });
    replica.effects.push({ do: 'listen', offset: this.consoleOffset, generation });
  }

  typed(offset: number, data: Uint8Array): void {
    const { replica } = this;
    const fresh = data.subarray(Math.max(0, this.consoleOffset - offset));
    // Bytes after a gap are dropped: the next `listen` requests them again.
    if (offset > this.consoleOffset) return;
    this.consoleOffset += fresh.length;
    replica.live.type(fresh);
  }

  frame(number: number, frame: Uint8Array): void {
    const { replica } = this;
    // After a gap none is accepted: the next `announce` requests the frames again, which the switch has kept.
    if (number !== this.nextFrame) return;
    this.nextFrame = number + 1;
    replica.live.frame(frame);
  }

  /** The guest takes an input, which the log up to entry `covering` covers. */
  logged(entry: Entry, covering: number): void {
    if (entry.kind === 'net') this.inputs.logged({ frames: 1, typed: 0 }, covering);
    if (entry.kind === 'console') this.inputs.logged({ frames: 0, typed: entry.data.length }, covering);
  }

  /**
   * Tells the edge which inputs it need not keep any more: every member holds the log up to entry `acknowledged`.
   * Returns the last entry that covers one of them, or 0.
   */
  release(acknowledged: number): number {
    const { effects, generation } = this.replica;
    const held = this.inputs.held(acknowledged);
    if (!held) return 0;
    const { entry, ...counts } = held;
    effects.push({ do: 'inputs-held', ...counts, generation });
    return entry;
  }
}
