/** State transfer (`--replication checkpoint`): what has happened since the last checkpoint, and the checkpoint that ends it. */
import { PAGE_BYTES } from '../cpu/layout.ts';
import type { EntryOf } from '../vmm/entries.ts';
import type { Output } from '../vmm/outputs.ts';
import { takeDelta } from '../vmm/snapshot.ts';
import type { ReplicaState } from './state.ts';

export class Epoch {
  /** Outputs that the next checkpoint explains. */
  readonly outputs: Output[] = [];
  /** The time is over; a checkpoint is to be taken. */
  isDue = false;
  /** Where the machine stood at the last checkpoint: steps and what came through its doors. */
  private position = -1;

  /** `changed`: physical addresses of the pages that were written since the last checkpoint, as they are collected. */
  constructor(
    private readonly replica: ReplicaState,
    private readonly changed: Set<number>,
  ) {}

  begin(): void {
    const { replica } = this;
    this.isDue = false;
    replica.timer('epoch', replica.nowNs + replica.options.tuning.epochNs);
  }

  get hasMoved(): boolean {
    return this.position !== this.here;
  }

  private get here(): number {
    return this.replica.vmm.icount + this.replica.history;
  }

  /** What a backup needs to stand where this machine stands. */
  checkpoint(): EntryOf<'checkpoint'> {
    const { replica, changed } = this;
    const { machine } = replica.vmm;
    this.position = this.here;
    const pages = [...changed].sort((a, b) => a - b);
    changed.clear();
    const delta = takeDelta(machine, pages);
    replica.effects.push({ do: 'copied', sizeBytes: pages.length * PAGE_BYTES });
    const open = replica.disk.open.map(({ id }) => id);
    const outputs = this.outputs.splice(0);
    return { kind: 'checkpoint', icount: machine.icount, history: replica.history, delta, outputs, open };
  }
}
