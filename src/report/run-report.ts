/** The report of a run, as text and as JSON. */
import type { Violation } from '../check/checkers.ts';
import type { Outcome } from '../check/evidence.ts';
import type { Comparison } from '../replay/comparison.ts';
import type { Alteration } from '../sim/cluster/alterations.ts';
import type { Simulation } from '../sim/cluster/cluster.ts';
import type { FaultOutcome } from '../sim/cluster/injector.ts';
import { failoverFigures } from '../sim/cluster/observer.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import { addressText, type Naming } from '../symbols/naming.ts';
import { ConsoleText } from './console-text.ts';
import { CODE_REGISTERS, differenceTable } from './difference.ts';
import { fullEntry } from './entries.ts';
import { ms } from './event-text.ts';
import { type Line, line, styled } from './styled-text.ts';

/** Options of the run that its report depends on. */
export interface Asked {
  /** Whether the VM was replicated. */
  ft: boolean;
  diff?: boolean;
  verify?: boolean;
}

/** A finished run and its results. */
export interface RunFacts {
  simulation: Simulation;
  violations: readonly Violation[];
  /** The comparison of both machines: with `--diff`, or where they differ. */
  comparison: Comparison | undefined;
  asked: Asked;
  /** Why the run ended early: a signal, or the user at the console. */
  ended?: 'interrupted' | 'quit' | undefined;
  /** Where the full comparison is; given, the report shows only the main registers. */
  wholeComparison?: string | undefined;
  naming: Naming;
}

/** A violation in one line. */
export const violationLine = ({ invariant, message }: Violation): Line =>
  line('alarm', `VIOLATION of ${invariant}: ${message}`);

// ── Text ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The report as text. */
export function runLines(facts: RunFacts): Line[] {
  const { simulation, violations, asked } = facts;
  return [
    ...resultLines(facts),
    ...htifLines(simulation),
    ...violations.map(violationLine),
    ...(asked.diff || simulation.outcome === 'diverged' ? differenceLines(facts) : []),
  ];
}

/** A warning for each scheduled fault that was not triggered. */
export const notTriggeredLines = ({ injector }: Simulation): Line[] =>
  injector.notTriggered.map(({ fault, notTriggered }) =>
    line('warning', `warning: ${faultText(fault)} was not triggered: ${notTriggered}`),
  );

/** Where a host's memory was corrupted. */
export const alterationLine = ({ host, pages, impossible }: Alteration): Line => {
  const parts = pages.map((page) => `page 0x${page.toString(16)}`).join(', ') || 'its registers';
  const how = impossible
    ? `its history cannot be replayed: ${impossible}`
    : `a replay of its history differs in ${parts}`;
  return [`memory corruption on ${host}: ${how}`];
};

function htifLines({ machine }: Simulation): Line[] {
  const command = machine.unansweredCommand;
  return command === undefined
    ? []
    : [line('warning', `the guest wrote 0x${command.toString(16)} to tohost: no such HTIF command here`)];
}

const hashText = (hash: bigint): string => hash.toString(16).padStart(16, '0');

function resultLines({ simulation, violations, asked, ended, naming }: RunFacts): Line[] {
  const { machine, nowNs } = simulation;
  const outcome = simulation.outcome!;
  const facts = `${machine.icount} steps, ${ms(nowNs)} of virtual time, state hash ${hashText(machine.hash())}`;
  const at = `at ${addressText(machine.hart.get('pc'), naming)}`;
  if (ended === 'interrupted') return [line('warning', `interrupted ${at}; ${facts}`)];
  if (ended === 'quit') return [[`quit; ${facts}`]];
  const results = {
    completed: styled('good', `completed with exit code ${machine.power.code}`),
    lost: styled('bad', 'lost: no eligible replica'),
    limit: styled(
      'warning',
      machine.icount >= simulation.maxSteps
        ? `stopped at --max-steps ${simulation.maxSteps}, ${at}`
        : `stopped after ${machine.icount} steps, ${at}: ${waitText(simulation)}`,
    ),
    diverged: styled('bad', 'stopped: the machines have diverged'),
  } satisfies Record<Outcome, unknown>;
  const result: Line = [results[outcome], `; ${facts}`];
  if (!asked.verify || outcome === 'diverged' || violations.length > 0) return [result];
  const checked =
    outcome === 'completed'
      ? 'a fresh machine that replays the log prints the same, every byte once and in order'
      : 'what was printed is a prefix of what a fresh machine that replays the log prints';
  return [result, line('good', `checked: ${checked}`)];
}

/** What the guest waits for. */
function waitText({ machine, options }: Simulation): string {
  if (machine.idle && !machine.canWake)
    return 'the guest waits for an interrupt, and has enabled none that can come';
  return `the guest waits for input that will not come; ${inputAdvice(options.spec)}`;
}

/** How to give the guest the input that it waits for. */
function inputAdvice({ clients }: { clients: number }): string {
  const typed = 'give it more with --input, or a command that ends it';
  return clients > 0 ? typed : `${typed}; a server on the network has clients with --clients N`;
}

/** The position at which the machines are compared, in words. */
export function place(simulation: Simulation, comparison: Comparison): string {
  const failover = simulation.failovers.at(-1);
  if (!failover)
    return simulation.outcome === 'diverged'
      ? 'where the divergence was detected'
      : 'the last position that both reached';
  const further = failover.crashIcount - failover.liveIcount;
  const leaked = (simulation.observer.lastReleased.get(failover.from) ?? 0) - comparison.a.state.outputsMade;
  const released = leaked > 0 ? `and had released ${leaked} outputs from there` : 'with no output released';
  return `where the ${failover.to} went live; the ${failover.from} had run ${further} steps further, ${released}`;
}

function differenceLines({ simulation, comparison, asked, wholeComparison, naming }: RunFacts): Line[] {
  if (!comparison)
    return [
      [
        asked.ft
          ? `no diff: the log of inputs was not kept in full; run it again with --diff`
          : 'no diff: there is only one machine without fault tolerance',
      ],
    ];
  const { difference, firstDifference } = comparison;
  // The hosts of the last failover, by the roles that they booted in.
  const { from, to } = simulation.failovers.at(-1) ?? { from: 'primary', to: 'backup' };
  const lines: Line[] = [
    [],
    [`both machines at icount ${difference.icount}, ${place(simulation, comparison)}`],
    ...differenceTable(difference, [from, to], wholeComparison, naming),
  ];
  if (!firstDifference) return lines;
  const { index, a, b } = firstDifference;
  return [
    ...lines,
    line(
      'bad',
      `the first entry that differs is number ${index + 1}: ${fullEntry(a)} on the ${from}, ${fullEntry(b)} on the ${to}`,
    ),
  ];
}

// ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The report as JSON; times in milliseconds. @param program its name as given */
export function runJson(program: string, facts: RunFacts): object {
  const { simulation, violations, comparison, asked } = facts;
  const { machine, nowNs } = simulation;
  const outcome = simulation.outcome!;
  const steps = machine.icount;
  const seconds = nowNs / 1e9;
  const { log } = simulation.observer;
  const console = consoleOf(simulation);
  return {
    program,
    seed: simulation.options.spec.seed,
    outcome,
    exitCode: outcome === 'completed' ? machine.power.code : null,
    console: console.text,
    consoleTruncated: console.isCut,
    verified: asked.verify === true,
    steps,
    virtualMs: nowNs / 1e6,
    failovers: simulation.failovers.map(failoverFigures),
    faults: simulation.injector.outcomes.map(faultJson),
    log: {
      ...log,
      bytesPerKilostep: steps > 0 ? (log.bytes / steps) * 1000 : 0,
      mbitPerSecond: seconds > 0 ? (log.channelBytes * 8) / seconds / 1e6 : 0,
    },
    diff: comparison ? differenceJson(comparison, facts.naming) : null,
    pc: placeJson(machine.hart.get('pc'), facts.naming),
    stateHash: hashText(machine.hash()),
    violations,
    divergence: divergenceJson(facts),
    stuck: stuckJson(facts),
  };
}

/** An address of code, and its name if it has one. */
const placeJson = (address: bigint, naming: Naming): object => ({
  address: `0x${address.toString(16)}`,
  place: naming(address) ?? null,
});

const differenceJson = ({ difference }: Comparison, naming: Naming): object => ({
  icount: difference.icount,
  equal: difference.equal,
  registers: difference.registers.map(({ name, a, b, equal }) => ({
    name,
    primary: `0x${a.toString(16)}`,
    backup: `0x${b.toString(16)}`,
    equal,
    ...(CODE_REGISTERS.has(name) && { primaryPlace: naming(a) ?? null, backupPlace: naming(b) ?? null }),
  })),
  devicesDiffering: difference.devices,
  pagesDiffering: difference.pages.map((address) => `0x${address.toString(16)}`),
});

/** Where the machines diverged, and the first entry that differs. */
function divergenceJson({ simulation, comparison, naming }: RunFacts): object | null {
  const { divergence, diverged } = simulation.observer;
  if (!divergence) return null;
  const { icount, found, expected } = divergence;
  const first = comparison?.firstDifference;
  return {
    host: diverged,
    icount,
    pc: divergence.pc === undefined ? null : placeJson(divergence.pc, naming),
    found,
    expected: expected ? fullEntry(expected) : null,
    firstDifference: first
      ? { entry: first.index + 1, primary: fullEntry(first.a), backup: fullEntry(first.b) }
      : null,
  };
}

/** What a stuck guest repeats. */
function stuckJson({ simulation, naming }: RunFacts): object | null {
  const { stuck } = simulation.observer;
  if (!stuck) return null;
  const { host, how, pc, since, steps, traps, cause, tval } = stuck;
  return {
    ...{ host, how, pc: placeJson(pc, naming), since, steps, traps, cause: cause ?? null },
    tval: tval === undefined ? null : `0x${tval.toString(16)}`,
  };
}

/** A fault as on the command line, with the time at which it was injected, or why it was not triggered. */
function faultJson(outcome: FaultOutcome): object {
  const fault = faultText(outcome.fault);
  if ('notTriggered' in outcome) return { fault, triggered: false, why: outcome.notTriggered };
  const { atNs, host, icount } = outcome.injected;
  return { fault, triggered: true, atMs: atNs / 1e6, host: host ?? null, icount: icount ?? null };
}

/** The console output, up to its limit in JSON. */
function consoleOf({ console: { transcript } }: Simulation): { text: string; isCut: boolean } {
  const console = new ConsoleText();
  for (const part of transcript) {
    console.add(part);
    if (console.isCut) break;
  }
  return { text: console.text, isCut: console.isCut || !transcript.isWhole };
}
