/**
 * Operator commands; and switch-over and power-off, which wait until every output and disk operation is complete.
 */
import { unreachable } from '../base/assert.ts';
import { MAX_RAM_BYTES } from '../cpu/layout.ts';
import type { ControlAction } from '../vmm/entries.ts';
import type { LoggingChannels } from './channels.ts';
import type { Command, HostName } from './effects.ts';
import type { Protection } from './protection.ts';
import type { ReplicaState } from './state.ts';

/** What {@link Operator} needs of the primary. */
interface Owner {
  readonly replica: ReplicaState;
  /** See {@link Primary.idle}. */
  readonly idle: boolean;
  readonly protection: Protection;
  readonly channels: LoggingChannels;
  evict(hosts: readonly HostName[]): void;
  endEpoch(): void;
  log(entry: { kind: 'control'; icount: number; action: ControlAction; value: number }): void;
}

/** The primary's part that carries out commands. */
export class Operator {
  /** The guest has switched itself off. */
  poweringOff = false;
  /** The number of the `power-off` entry. */
  private endEntry: number | undefined;
  /** The backup that is to go live in a planned switch-over; `handed`: its `switch-over` entry is logged. */
  private switching: { to: HostName; handed: boolean } | undefined;

  constructor(private readonly primary: Owner) {}

  private get replica() {
    return this.primary.replica;
  }

  get isSwitching(): boolean {
    return this.switching !== undefined;
  }

  /** The log ends with a `switch-over` entry: another replica continues from this machine's state. */
  get hasHandedOver(): boolean {
    return this.switching?.handed ?? false;
  }

  command(command: Command): void {
    const { replica, primary } = this;
    replica.note({ kind: 'command', command });
    switch (command.kind) {
      case 'reset':
        replica.live.operate('reset');
        return;
      case 'memory':
        replica.live.operate('memory', Math.min(command.sizeBytes, MAX_RAM_BYTES));
        return;
      case 'speed':
        replica.speed = command.perMille;
        this.log('speed', command.perMille);
        return primary.channels.transmit();
      case 'unprotect':
        primary.protection.wanted = 0;
        return primary.evict(replica.record.backups);
      case 'protect':
        primary.protection.wanted = replica.options.backups;
        return;
      case 'move-backup':
        primary.protection.leaving = command.from;
        return;
      case 'switch-over': {
        const to = command.to ?? replica.record.backups[0];
        if (!to || !replica.record.backups.includes(to) || this.switching) return;
        this.switching = { to, handed: false };
        replica.note({ kind: 'switching', to });
        replica.hasPaused = false;
        return;
      }
      default:
        return unreachable(command);
    }
  }

  /** Begins the orderly end, once the guest has switched itself off. */
  switchedOff(): void {
    const { replica } = this;
    const { icount, machine } = replica.vmm;
    replica.note({ kind: 'off', icount, code: machine.power.code });
    this.poweringOff = true;
  }

  /** Logs a control action; returns the number of its entry. */
  log(action: ControlAction, value: number): number {
    const { replica, primary } = this;
    primary.endEpoch();
    primary.log({ kind: 'control', icount: replica.vmm.icount, action, value });
    return replica.log.last;
  }

  /**
   * A new generation voids the `switch-over` entry, so it is logged again. If its target is no backup any more, the
   * switch-over ends.
   */
  membersChanged(): void {
    const to = this.switching?.to;
    const goesOn = to !== undefined && this.replica.record.backups.includes(to);
    this.switching = goesOn ? { to, handed: false } : undefined;
  }

  /** Completes a power-off or switch-over whose conditions hold by now. */
  settle(): void {
    if (this.poweringOff) this.powerOff();
    else if (this.switching) this.handOver(this.switching);
  }

  /**
   * The `power-off` entry is logged only when every output is delivered: a backup that consumes it releases nothing.
   */
  private powerOff(): void {
    const { replica, primary } = this;
    if (replica.stopped || replica.gate.size > 0) return;
    if (replica.disk.open.some(({ request, answer }) => request.operation === 'write' && !answer)) return;
    if (primary.channels.required().length === 0) return replica.stop('completed');
    if (this.endEntry === undefined) {
      this.endEntry = this.log('power-off', replica.vmm.machine.power.code);
      primary.channels.transmit();
    }
    if (primary.channels.held >= this.endEntry) replica.stop('completed');
  }

  /** The guest is paused; when no output and no disk operation is open, the log names the next primary. */
  private handOver(switching: { to: HostName; handed: boolean }): void {
    const { replica } = this;
    if (switching.handed || !this.primary.idle || replica.claim) return;
    if (replica.gate.size > 0 || replica.disk.open.length > 0) return;
    switching.handed = true;
    this.log('switch-over', replica.options.hosts.indexOf(switching.to));
    this.primary.channels.transmit();
  }
}
