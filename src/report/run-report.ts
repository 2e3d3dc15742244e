/** What a run comes to, for people and for programs. */
import { joined } from '../base/bytes.ts';
import type { Violation } from '../check/checkers.ts';
import type { Outcome } from '../check/evidence.ts';
import type { Comparison } from '../replay/comparison.ts';
import type { Alteration } from '../sim/alterations.ts';
import type { Simulation } from '../sim/cluster.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import type { FaultOutcome } from '../sim/faults/injector.ts';
import { differenceTable } from './difference.ts';
import { fullEntry } from './entries.ts';
import { ms } from './event-text.ts';
import { type Line, line, styled } from './styled-text.ts';

/** What was asked of a run, as far as its report speaks of it. */
export interface Asked {
  /** Whether there was to be fault tolerance. */
  ft: boolean;
  diff?: boolean;
  verify?: boolean;
}

/** A run that is over, and what is known of it. */
export interface RunFacts {
  simulation: Simulation;
  violations: readonly Violation[];
  /** The machines side by side, where that was asked for or they differ. */
  comparison: Comparison | undefined;
  asked: Asked;
  /** Why it was ended before its end: a signal came, or somebody at its console had enough. */
  ended?: 'interrupted' | 'quit' | undefined;
  /** Of the comparison only the main registers are shown; this says where all are. */
  wholeComparison?: string | undefined;
}

export const violationLine = ({ invariant, message }: Violation): Line =>
  line('alarm', `VIOLATION of ${invariant}: ${message}`);

// ── For people ──────────────────────────────────────────────────────────────────────────────────────────────────────

export function runLines(facts: RunFacts): Line[] {
  const { simulation, violations, asked } = facts;
  return [
    ...resultLines(facts),
    ...htifLines(simulation),
    ...violations.map(violationLine),
    ...(asked.diff || simulation.outcome === 'diverged' ? differenceLines(facts) : []),
  ];
}

/** Faults that were asked for and did not strike: whoever asked is told, whatever else is. */
export const notTriggeredLines = ({ injector }: Simulation): Line[] =>
  injector.missed.map(({ fault, missed }) =>
    line('warning', `warning: ${faultText(fault)} did not strike: ${missed}`),
  );

/** Where memory changed by itself. */
export const alterationLine = ({ host, pages, impossible }: Alteration): Line => {
  const made = pages.map((page) => `page 0x${page.toString(16)}`).join(', ') || 'its registers';
  const how = impossible
    ? `no machine has its history: ${impossible}`
    : `its history makes ${made} otherwise`;
  return [`the memory of ${host} changed by itself: ${how}`];
};

function htifLines({ machine }: Simulation): Line[] {
  const command = machine.unansweredCommand;
  return command === undefined
    ? []
    : [line('warning', `nobody answers the 0x${command.toString(16)} that the guest wrote to tohost`)];
}

const hashText = (hash: bigint): string => hash.toString(16).padStart(16, '0');

function resultLines({ simulation, violations, asked, ended }: RunFacts): Line[] {
  const { machine, nowNs } = simulation;
  const outcome = simulation.outcome!;
  const facts = `${machine.icount} steps, ${ms(nowNs)} of virtual time, state hash ${hashText(machine.hash())}`;
  if (ended === 'interrupted') return [line('warning', `interrupted; ${facts}`)];
  if (ended === 'quit') return [[`quit; ${facts}`]];
  const said = {
    completed: styled('good', `completed with exit code ${machine.power.code}`),
    lost: styled('bad', 'lost: no side is left that could go on'),
    limit: styled(
      'warning',
      machine.icount >= simulation.maxSteps
        ? `stopped at --max-steps ${simulation.maxSteps}`
        : `stopped after ${machine.icount} steps: the guest waits for input that will not come; ${inputAdvice(simulation.options.spec)}`,
    ),
    diverged: styled('bad', 'stopped: the machines have diverged'),
  } satisfies Record<Outcome, unknown>;
  const result: Line = [said[outcome], `; ${facts}`];
  if (!asked.verify || outcome === 'diverged' || violations.length > 0) return [result];
  const checked =
    outcome === 'completed'
      ? 'a fresh machine that replays the log prints the same, every byte once and in order'
      : 'what was printed is what a fresh machine that replays the log prints first';
  return [result, line('good', `checked: ${checked}`)];
}

/** How the guest gets what it waits for: from the console, or from the network if nobody is there. */
function inputAdvice({ clients }: { clients: number }): string {
  const typed = 'give it more with --input, or a command that ends it';
  return clients > 0 ? typed : `${typed}; a server on the network has clients with --clients N`;
}

/** What kind of place the machines are compared at. */
function place(simulation: Simulation, comparison: Comparison): string {
  const failover = simulation.failovers.at(-1);
  if (!failover)
    return simulation.outcome === 'diverged'
      ? 'where they were found to differ'
      : 'the last position that both reached';
  const further = failover.crashIcount - failover.liveIcount;
  const leaked = (simulation.observer.lastReleased.get(failover.from) ?? 0) - comparison.a.state.outputsMade;
  const released = leaked > 0 ? `and had released ${leaked} outputs from there` : 'with no output released';
  return `where the backup went live; the primary had run ${further} steps further, ${released}`;
}

function differenceLines({ simulation, comparison, asked, wholeComparison }: RunFacts): Line[] {
  if (!comparison)
    return [
      [
        asked.ft
          ? `no diff: not all that came through the machines' doors was kept; run it again with --diff`
          : 'no diff: there is only one machine without fault tolerance',
      ],
    ];
  const { difference, firstDifference } = comparison;
  const lines: Line[] = [
    [],
    [`both machines at icount ${difference.icount}, ${place(simulation, comparison)}`],
    ...differenceTable(difference, ['primary', 'backup'], wholeComparison),
  ];
  if (!firstDifference) return lines;
  const { index, a, b } = firstDifference;
  return [
    ...lines,
    line(
      'bad',
      `the first entry that differs is number ${index + 1}: ${fullEntry(a)} on the primary, ${fullEntry(b)} on the backup`,
    ),
  ];
}

// ── For programs ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Console output that the JSON has, at the most. */
export const JSON_CONSOLE_BYTES = 16 << 20;

/** Times in milliseconds. @param program its name, as it was given */
export function runJson(program: string, facts: RunFacts): object {
  const { simulation, violations, comparison, asked } = facts;
  const { machine, nowNs } = simulation;
  const outcome = simulation.outcome!;
  const failovers = simulation.failovers.map(
    ({ fromHistory: _, toHistory: __, failedNs: ___, meetingIcount: ____, ...failover }) => failover,
  );
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
    failovers,
    faults: simulation.injector.outcomes.map(faultJson),
    log: {
      ...log,
      bytesPerKilostep: steps > 0 ? (log.bytes / steps) * 1000 : 0,
      mbitPerSecond: seconds > 0 ? (log.channelBytes * 8) / seconds / 1e6 : 0,
    },
    diff: comparison ? differenceJson(comparison) : null,
    stateHash: hashText(machine.hash()),
    violations,
    divergence: divergenceJson(facts),
  };
}

const differenceJson = ({ difference }: Comparison): object => ({
  icount: difference.icount,
  equal: difference.equal,
  registers: difference.registers.map(({ name, a, b, equal }) => ({
    name,
    primary: `0x${a.toString(16)}`,
    backup: `0x${b.toString(16)}`,
    equal,
  })),
  devicesDiffering: difference.devices,
  pagesDiffering: difference.pages.map((address) => `0x${address.toString(16)}`),
});

/** Where the machines went apart, and the first entry that is not the same on both. */
function divergenceJson({ simulation, comparison }: RunFacts): object | null {
  const { divergence, diverged } = simulation.observer;
  if (!divergence) return null;
  const { icount, found, expected } = divergence;
  const first = comparison?.firstDifference;
  return {
    host: diverged,
    icount,
    found,
    expected: expected ? fullEntry(expected) : null,
    firstDifference: first
      ? { entry: first.index + 1, primary: fullEntry(first.a), backup: fullEntry(first.b) }
      : null,
  };
}

/** A fault in the words of the command line, with the moment at which it struck, or why it did not. */
function faultJson(outcome: FaultOutcome): object {
  const fault = faultText(outcome.fault);
  if ('missed' in outcome) return { fault, triggered: false, why: outcome.missed };
  const { atNs, host, icount } = outcome.struck;
  return { fault, triggered: true, atMs: atNs / 1e6, host: host ?? null, icount: icount ?? null };
}

/** What the console has printed, up to a limit. */
function consoleOf({ console: { transcript } }: Simulation): { text: string; isCut: boolean } {
  const parts: Uint8Array[] = [];
  let room = JSON_CONSOLE_BYTES;
  for (const part of transcript) {
    parts.push(part.subarray(0, room));
    room -= part.length;
    if (room < 0) break;
  }
  return { text: new TextDecoder().decode(joined(parts)), isCut: room < 0 || !transcript.isWhole };
}
