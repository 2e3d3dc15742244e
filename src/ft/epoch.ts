import { PAGE_BYTES } from '../cpu/layout.ts';
import type { EntryOf } from '../vmm/entries.ts';
import type { Output } from '../vmm/outputs.ts';
import { takeDelta } from '../vmm/snapshot.ts';
import type { ReplicaState } from './state.ts';

/**
 * State transfer (`--replication checkpoint`): an epoch's changed pages and outputs, and the checkpoint that ends it.
 */
export class Epoch {
  /** Outputs that the next checkpoint covers. */
  readonly outputs: Output[] = [];
  /** The epoch's time has passed. */
  isDue = false;
  /** The sum of steps and door entries at the last checkpoint. */
  private position = -1;

  /** `changed`: the numbers of the pages that were written since the last checkpoint, up to the last collection. */
  constructor(
    private readonly replica: ReplicaState,
    private readonly changed: Set<number>,
  ) {}

  begin(): void {
    const { replica } = this;
    this.isDue = false;
    replica.timer('epoch', replica.nowNs + replica.options.tuning.epochNs);
  }

  /** Whether the machine has taken a step or an input since the last checkpoint. */
  get hasMoved(): boolean {
    return this.position !== this.here;
  }

  private get here(): number {
    return this.replica.vmm.icount + this.replica.history;
  }

  /** Everything that brings a backup from the last checkpoint to this machine's state. */
  checkpoint(): EntryOf<'checkpoint'> {
    const { replica, changed } = this;
    const { machine } = replica.vmm;
    this.position = this.here;
    const pages = [...changed].sort((a, b) => a - b);
    changed.clear();
    const delta = takeDelta(machine, pages, replica.options.compressor);
    replica.effects.push({ do: 'copied', sizeBytes: pages.length * PAGE_BYTES });
    const open = replica.disk.open.map(({ id }) => id);
    const outputs = this.outputs.splice(0);
    const { history, frames } = replica;
    return { kind: 'checkpoint', icount: machine.icount, history, frames, delta, outputs, open };
  }
}
