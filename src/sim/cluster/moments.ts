/** The positions of faults on one host: a slice ends there, and the fault is injected. */
import type { Moments } from '../../cluster/driver.ts';
import type { SliceEnd } from '../../ft/effects.ts';
import { type HostFault, LIVE, type When } from '../faults/faults.ts';
import type { Host } from './host.ts';

/** The faults of one host whose moment is a position: `icount`, output, entry or message. */
export class FaultMoments implements Moments {
  private readonly faults: HostFault[];

  constructor(
    private readonly host: Host,
    faults: readonly HostFault[],
    private readonly inject: (fault: HostFault) => void,
  ) {
    this.faults = faults.filter(({ who, when }) => (who === host.id || who === LIVE) && when.at !== 'time');
  }

  limit(steps: number): number {
    const { icount } = this.host.replica.vmm!;
    let limit = steps;
    for (const { when, who } of this.faults)
      if (when.at === 'icount' && when.icount > icount && this.isMeant(who))
        limit = Math.min(limit, when.icount - icount);
    return limit;
  }

  end(): SliceEnd {
    const { vmm, logEnd } = this.host.replica;
    const output = this.next('output', vmm!.machine.outputsMade);
    return { output, entry: this.next('entry', logEnd) };
  }

  /** The first number after `last` at which a fault is to be injected. */
  private next(at: 'output' | 'entry', last: number): number | undefined {
    const numbers = this.faults.flatMap(({ when, who }) =>
      when.at === at && when.number > last && this.isMeant(who) ? [when.number] : [],
    );
    return numbers.length > 0 ? Math.min(...numbers) : undefined;
  }

  private isMeant(who: HostFault['who']): boolean {
    const { host } = this;
    return who === host.id || (who === LIVE && host.replica.role === 'primary');
  }

  /** Injects the faults whose moment is reached; with `at`, only those with that kind of moment. */
  passed(at?: When['at']): void {
    if (this.faults.length === 0) return;
    const { replica, sent } = this.host;
    const { vmm, logEnd } = replica;
    for (const fault of [...this.faults]) {
      const { when, who } = fault;
      if (at && when.at !== at) continue;
      const reached =
        (when.at === 'icount' && vmm !== undefined && vmm.icount >= when.icount) ||
        (when.at === 'output' && vmm !== undefined && vmm.machine.outputsMade >= when.number) ||
        (when.at === 'entry' && logEnd >= when.number) ||
        (when.at === 'sent' && sent >= when.number);
      if (!reached || !this.isMeant(who)) continue;
      this.faults.splice(this.faults.indexOf(fault), 1);
      this.inject(fault);
    }
  }
}
