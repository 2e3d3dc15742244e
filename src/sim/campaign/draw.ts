/** The runs of a campaign: drawn at random, or one for every position in the log and on the wire. */
import { Random } from '../../base/random.ts';
import type { Command } from '../../ft/effects.ts';
import type { Phase } from '../../ft/replica.ts';
import type { Tuning } from '../../ft/rules.ts';
import {
  answerFaults,
  type Fault,
  type FaultKind,
  type HostId,
  LIVE,
  type NodeId,
  STORAGE,
  SWITCH,
  type When,
} from '../faults/faults.ts';
import { campaignDefaults, hostNames, type RunSpec, validated } from '../spec/spec.ts';
import { limits } from '../values/limits.ts';
import type { MeasuredGuest } from './campaign.ts';

/** All kinds of faults, which a campaign draws from by default. */
export const faultKinds: readonly FaultKind[] = [
  'crash',
  'kill',
  'domain',
  'pause',
  'slow',
  'clock',
  'flip',
  'partition',
  'delay',
  'lose',
  'duplicate',
  'reset',
  'outage',
  'full',
  'io-error',
  'restart',
  'answers',
  'command',
];

/** What a campaign fixes of its runs; the rest is drawn. */
export interface DrawOptions
  extends Partial<Pick<RunSpec, 'backups' | 'spares' | 'speeds' | 'replication' | 'disk' | 'unsafe'>> {
  kinds?: readonly FaultKind[];
}

/** A campaign as plain data, which determines the run of every number. */
export interface Campaign {
  guest: MeasuredGuest;
  seed: string;
  /** The number of drawn runs, or `every`: one for each position of a run without faults. */
  runs: number | 'every';
  options: DrawOptions;
}

/** The number of runs. */
export const sizeOf = (campaign: Campaign): number =>
  campaign.runs === 'every' ? everyCrash(campaign).length : campaign.runs;

/** Makes the runs of a campaign, numbered from 0. */
export function runsOf(campaign: Campaign): (index: number) => RunSpec {
  const { guest, seed, runs, options } = campaign;
  if (runs !== 'every') return (index) => drawRun(guest, `${seed}/${index}`, options);
  const crashes = everyCrash(campaign);
  const { kinds: _, speeds: __, ...fixed } = options;
  // One seed for all: up to its crash, each run equals the one in which the positions were counted.
  return (index) => ({
    ...campaignDefaults,
    ...fixed,
    seed,
    clients: guest.clients,
    faults: [crashes[index]!],
  });
}

// ── Every position ──────────────────────────────────────────────────────────────────────────────────────────────────

/** When the power returns: shorter than the suspicion of a silent host. */
const RETURN_NS = 5_000_000;

/** A crash of primary and backup at every log entry, and with every message sent; without return of power and with. */
function everyCrash({ guest }: Campaign): Fault[] {
  const faults: Fault[] = [];
  const count = (who: HostId, at: 'entry' | 'sent', last: number) => {
    for (let number = 1; number <= last; number++) {
      const crash: Fault = { kind: 'crash', who, when: { at, number } };
      faults.push(crash, { ...crash, forNs: RETURN_NS });
    }
  };
  for (const who of ['primary', 'backup']) {
    count(who, 'entry', guest.entries);
    count(who, 'sent', guest.sent[who] ?? 0);
  }
  return faults;
}

// ── Random ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The weights of fault kinds; 1 by default. */
const weights: Partial<Record<FaultKind, number>> = {
  crash: 6,
  pause: 3,
  partition: 4,
  flip: 0.3,
  domain: 0.5,
};

/** Tuning under which small guests, too, fill buffers, lose log entries and need many rounds of a copy. */
const tight: readonly Partial<Tuning>[] = [
  { sendBufferBytes: 512, receiveBufferBytes: 256 },
  { outputBufferBytes: 64 },
  { retainBytes: 0 },
  { retainBytes: 0, sendBufferBytes: 2048, receiveBufferBytes: 1024 },
  { copyPages: 1, copyWindow: 1, stopPages: 0 },
];

const MAX_FAULTS = 5;
/** Short phases, of the primary and of backups. */
const ofLive: readonly Phase[] = ['primary-claiming', 'alone', 'joining', 'copying', 'switching'];
const ofBackups: readonly Phase[] = ['claiming', 'draining', 'between'];
const aims: readonly Phase[] = [...ofLive, ...ofBackups, 'being-copied', 'catching-up'];
const MS = 1_000_000;

/** Numbers of hosts, drawn uniformly: repetition is weight. */
const drawnBackups = [1, 1, 1, 1, 2, 2, 3];
const drawnSpares = [0, 1, 1, 2];

/**
 * Validates what a campaign fixes, on the largest cluster that it may draw.
 * @throws {OperatingError} for a host that no run can have, or a combination that is impossible
 */
export function mustBeDrawable({ kinds: _, ...fixed }: DrawOptions): void {
  const most = { backups: Math.max(...drawnBackups), spares: Math.max(...drawnSpares) };
  validated({ ...most, ...fixed }, campaignDefaults);
}

/** Draws the run of a campaign with this seed. */
export function drawRun(guest: MeasuredGuest, seed: string, options: DrawOptions = {}): RunSpec {
  const random = new Random(`${seed}/campaign`);
  const backups = options.backups ?? pick(random, drawnBackups);
  const spares = options.spares ?? pick(random, drawnSpares);
  const hosts = hostNames({ backups, spares });
  const kinds = options.kinds ?? faultKinds;
  const drawing = new Drawing(random, guest, hosts, asCrashes(kinds));
  const faults = withKills(drawing.schedule(), kinds, new Random(`${seed}/kills`));
  const speeds = random.chance(0.1) ? { [pick(random, hosts.slice(1))]: pick(random, [0.25, 0.5, 2]) } : {};
  // Checkpoints carry no private disks.
  const mayCheckpoint = options.disk !== 'private' && random.chance(0.15);
  const replication = options.replication ?? (mayCheckpoint ? 'checkpoint' : 'lockstep');
  const tuning = random.chance(0.2) ? pick(random, tight) : {};
  const shared = ['shared', 'shared', 'shared-backup-reads'] as const;
  const disk = options.disk ?? pick(random, replication === 'checkpoint' ? shared : [...shared, 'private']);
  const fixedSpeeds = Object.entries(options.speeds ?? {}).filter(([host]) => hosts.includes(host));
  return {
    ...campaignDefaults,
    seed,
    backups,
    spares,
    replication,
    disk,
    clients: guest.clients,
    speeds: { ...speeds, ...Object.fromEntries(fixedSpeeds) },
    tuning: { ...campaignDefaults.tuning, ...tuning },
    faults,
    unsafe: options.unsafe ?? [],
  };
}

/** A kill is drawn as a crash, and so takes no chances from the others. */
const asCrashes = (kinds: readonly FaultKind[]): FaultKind[] => [
  ...new Set(kinds.map((kind) => (kind === 'kill' ? 'crash' : kind))),
];

/** Half of the crashes are kills; or all or none, when only the one or the other may be drawn. */
function withKills(faults: readonly Fault[], kinds: readonly FaultKind[], random: Random): Fault[] {
  const share = kinds.includes('kill') ? (kinds.includes('crash') ? 0.5 : 1) : 0;
  return faults.map((fault) =>
    fault.kind === 'crash' && random.chance(share) ? { ...fault, kind: 'kill' } : fault,
  );
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;

/** Draws the faults of one run. */
class Drawing {
  private lastNs = 0;

  constructor(
    private readonly random: Random,
    private readonly guest: MeasuredGuest,
    readonly hosts: readonly HostId[],
    private readonly kinds: readonly FaultKind[],
  ) {}

  schedule(): Fault[] {
    const aimed = this.random.chance(0.5) ? this.aimed() : [];
    const count = (aimed.length > 0 ? 0 : 1) + this.random.below(MAX_FAULTS - aimed.length);
    return [...aimed, ...Array.from({ length: count }, () => this.fault(this.kind()))];
  }

  /**
   * Faults during the protocol's reaction to a fault. All phases are equally likely, however short: random times would
   * hardly ever hit most of them.
   */
  private aimed(): Fault[] {
    const { random } = this;
    const phase = pick(
      random,
      this.kinds.includes('command') ? aims : aims.filter((aim) => aim !== 'switching'),
    );
    const opener: Fault =
      phase === 'switching'
        ? { kind: 'command', command: { kind: 'switch-over' }, atNs: this.time() }
        : this.opener();
    const second = random.chance(0.4) ? [this.aim(pick(random, aims))] : [];
    return [opener, this.aim(phase), ...second];
  }

  /** A fault after which a backup claims, and the new primary re-protects itself. */
  private opener(): Fault {
    const { random, kinds, guest } = this;
    // With an output under way, half of the time.
    const when: When = random.chance(0.5)
      ? { at: 'output', number: this.position(guest.outputs) }
      : { at: 'time', ns: this.time() };
    if (kinds.includes('pause') && random.chance(0.5)) {
      // Half of them end when the new primary has just gone live: the old one must be fenced then.
      const over = random.below(pick(random, [5 * MS, 30 * MS]));
      return { kind: 'pause', who: LIVE, when, forNs: 9 * MS + over };
    }
    const who = random.chance(0.7) ? LIVE : 'backup';
    return kinds.includes('crash') ? { kind: 'crash', who, when } : this.fault(this.kind());
  }

  /** A fault at once, or soon, after a host has entered this phase. */
  private aim(phase: Phase): Fault {
    const { random } = this;
    // Backups claim; spares are copied.
    const others = this.hosts.filter((host) =>
      host.startsWith(ofBackups.includes(phase) ? 'backup' : 'spare'),
    );
    const host = ofLive.includes(phase) || others.length === 0 ? LIVE : pick(random, others);
    const after = { host, phase, number: random.chance(0.8) ? 1 : 2 };
    const ns = random.below(pick(random, [1, 0.05 * MS, 0.5 * MS, 4 * MS]));
    const drawn = this.fault(this.kind());
    const fault = 'who' in drawn && random.chance(0.6) ? { ...drawn, who: host } : drawn;
    return 'atNs' in fault ? { ...fault, atNs: ns, after } : { ...fault, when: { at: 'time', ns }, after };
  }

  private kind(): FaultKind {
    const total = this.kinds.reduce((sum, kind) => sum + (weights[kind] ?? 1), 0);
    let at = (this.random.below(1 << 20) / (1 << 20)) * total;
    for (const kind of this.kinds) {
      at -= weights[kind] ?? 1;
      if (at < 0) return kind;
    }
    return this.kinds.at(-1)!;
  }

  /** Anywhere in the run; or soon after the fault before, during the reaction to it. */
  private time(): number {
    const { random, guest, lastNs } = this;
    if (lastNs > 0 && random.chance(0.6)) this.lastNs = lastNs + this.soon();
    else this.lastNs = random.below(Math.floor(guest.lengthNs * 1.2));
    return this.lastNs;
  }

  /** At once; during suspicion and claim; or after the failover, during re-protection. */
  private soon(): number {
    const [after, within] = pick(this.random, [
      [0, 2],
      [8, 3],
      [0, 25],
    ] as const);
    return after * MS + this.random.below(within * MS);
  }

  private length(): number {
    // Shorter than the time of suspicion, around it, and longer.
    return Math.round(
      pick(this.random, [0.2, 2, 8, 12, 20, 40, 80]) * (0.5 + this.random.below(1000) / 1000) * MS,
    );
  }

  private when(): When {
    const { guest } = this;
    switch (this.random.below(6)) {
      case 0:
        return { at: 'icount', icount: this.position(guest.steps) };
      case 1:
        return { at: 'output', number: this.position(guest.outputs) };
      case 2:
        return { at: 'entry', number: this.position(guest.entries) };
      case 3:
        return { at: 'sent', number: this.position(Math.max(...Object.values(guest.sent))) };
      default:
        return { at: 'time', ns: this.time() };
    }
  }

  /** A number from 1 to `last`, the one at the end of a run without faults, from which its time is estimated. */
  private position(last: number): number {
    const number = 1 + this.random.below(last);
    this.lastNs = Math.floor((number / Math.max(1, last)) * this.guest.lengthNs);
    return number;
  }

  /** The primary, or any host; the first backup more often, since it takes part in most transitions. */
  private who(): HostId {
    return this.random.chance(0.5) ? LIVE : pick(this.random, [...this.hosts, 'backup', 'backup']);
  }

  private ends(): { from: NodeId; to: NodeId } {
    const from = pick(this.random, this.hosts);
    const others = [...this.hosts, STORAGE, SWITCH].filter((node) => node !== from);
    return { from, to: pick(this.random, others) };
  }

  /** Draws a fault. Long: a case for each kind. */
  private fault(kind: FaultKind): Fault {
    const { random } = this;
    const back = random.chance(0.7) ? { forNs: this.length() } : {};
    switch (kind) {
      case 'crash':
      case 'kill':
        return { kind, who: this.who(), when: this.when(), ...back };
      case 'pause':
        return { kind, who: this.who(), when: this.when(), forNs: this.length() };
      case 'flip':
        return { kind, who: this.who(), when: this.when(), offset: this.offset(), bit: random.below(8) };
      case 'slow':
        return { kind, who: pick(random, this.hosts), atNs: this.time(), forNs: this.length(), factor: 0.05 };
      case 'clock':
        return {
          kind,
          who: pick(random, this.hosts),
          atNs: this.time(),
          jumpNs: random.below(1000 * MS) - 500 * MS,
        };
      case 'domain':
        return { kind, domain: pick(random, this.hosts), atNs: this.time(), ...back };
      case 'partition':
        return { kind, ...this.ends(), both: random.chance(0.5), atNs: this.time(), forNs: this.length() };
      case 'delay':
        return {
          kind,
          ...this.ends(),
          atNs: this.time(),
          forNs: this.length(),
          extraNs: random.below(15 * MS),
        };
      case 'lose':
      case 'duplicate':
        return {
          kind,
          ...this.ends(),
          atNs: this.time(),
          forNs: this.length(),
          probability: pick(random, [0.2, 0.5, 0.9]),
        };
      case 'reset':
        return { kind, ...this.ends(), atNs: this.time() };
      case 'outage':
      case 'full':
      case 'io-error':
      case 'restart':
        return { kind, atNs: this.time(), forNs: Math.min(this.length(), 30 * MS) };
      case 'answers':
        return { kind, atNs: this.time(), forNs: this.length(), how: pick(random, answerFaults) };
      case 'command':
        return { kind, command: this.command(), atNs: this.time() };
    }
  }

  /** In the first 64 KiB of RAM, where the programs are. */
  private offset(): number {
    return this.random.below(Math.min(this.guest.description.memorySizeBytes, 1 << 16));
  }

  private command(): Command {
    const { random, guest } = this;
    const backups = this.hosts.filter((host) => host.startsWith('backup'));
    const twice = 2 * guest.description.memorySizeBytes;
    const commands: Command[] = [
      { kind: 'switch-over' },
      { kind: 'switch-over', to: pick(random, backups) },
      { kind: 'move-backup', from: pick(random, this.hosts) },
      { kind: 'speed', perMille: 500 },
      { kind: 'unprotect' },
      { kind: 'protect' },
      ...(twice <= limits.memoryBytes.most ? [{ kind: 'memory' as const, sizeBytes: twice }] : []),
    ];
    // A reset makes a server lose the data in its memory, which its clients would report as lost.
    return pick(random, guest.clients ? commands : [...commands, { kind: 'reset' }]);
  }
}
