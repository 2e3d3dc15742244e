/** One cluster's life in a soak: from `vmft up` to the verdict on its evidence. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../../src/base/random.ts';
import { statusText } from '../../src/cli/cluster/status.ts';
import { Cluster, type ClusterOptions, type View } from './cluster.ts';
import { Failures } from './failures.ts';
import { type Finding, RoundOver, whyLost } from './findings.ts';
import type { Load } from './load.ts';
import type { Usage } from './usage.ts';

const POLL_MS = 50;
const SAMPLE_MS = 1000;
/** A timer that is so late shows a machine on which processes do not get their cores in time. */
const LATE_MS = 500;
/** The pause between the recovery from a failure and the next one. */
const QUIET_MS = { least: 200, most: 1500 };
/** After so many answers each client has one to a request that it made after the failure. */
const FRESH_ANSWERS = 5;

/** What a {@link Round} is made with. */
export interface RoundOptions {
  number: number;
  seed: string;
  cluster: ClusterOptions;
  /** Clients for a cluster in this directory. */
  load(directory: string, random: Random): Load;
  durationMs: number;
  /** How long the cluster may take to be protected again. */
  patienceMs: number;
  canCut: boolean;
  usage: Usage;
  /** Receives a line for each event. */
  log(line: string): void;
  /** Whether the user wants the end: in order, or at once. */
  ending(): 'in order' | 'at once' | undefined;
}

/** A failure and its recovery, as a client sees it. */
export interface Outcome {
  kind: string;
  /** The longest wait for an answer, from the failure to the recovery. */
  gapMs: number;
  /** Until all is protected and connected again. */
  recoveredMs: number;
  isFailover: boolean;
}

/** What a round has shown. */
export interface RoundResult {
  outcomes: Outcome[];
  findings: Finding[];
  answered: number;
  /** What could not be checked; and why the VM was lost, if it was not protected at the time. */
  notes: string[];
  isLost: boolean;
  /** Where its evidence is, if there is a finding. */
  kept: string | undefined;
}

/** See the head of this file. */
export class Round {
  private readonly random: Random;
  private cluster!: Cluster;
  private load!: Load;
  private readonly result: RoundResult = {
    ...{ outcomes: [], findings: [], answered: 0, notes: [], isLost: false, kept: undefined },
  };
  /** The largest delay of a timer of this process. */
  private lateMs = 0;
  /** Hosts that were killed since the VM was protected for the last time. */
  private killed: readonly string[] = [];

  constructor(private readonly options: RoundOptions) {
    this.random = new Random(`${options.seed} ${options.number}`);
  }

  async run(): Promise<RoundResult> {
    const { number, seed, usage, load } = this.options;
    this.cluster = await Cluster.start(this.options.cluster);
    this.load = load(this.cluster.directory, new Random(`${seed} ${number} clients`));
    const { hosts, backups, guest } = this.options.cluster;
    this.say(`${guest} on ${hosts} hosts with backups: ${backups}; ${this.load.description}`);
    let sampledMs = performance.now();
    const sampler = setInterval(() => {
      const nowMs = performance.now();
      this.lateMs = Math.max(this.lateMs, nowMs - sampledMs - SAMPLE_MS);
      sampledMs = nowMs;
      usage.sample(number, this.cluster.processes());
    }, SAMPLE_MS);
    try {
      await this.fail();
      await this.conclude();
    } catch (error) {
      if (!(error instanceof RoundOver)) throw error;
      this.over(error);
    } finally {
      clearInterval(sampler);
      this.load.close();
      const wrong = await this.cluster.end();
      this.result.findings.push(...wrong.map((text): Finding => ({ kind: 'left', text })));
    }
    await this.judge();
    return this.finished();
  }

  private say(text: string): void {
    this.options.log(`round ${this.options.number}: ${text}`);
  }

  private over({ finding, message }: RoundOver): void {
    if (finding) this.result.findings.push(finding);
    else if (message) this.result.notes.push(message);
  }

  // ── Failures ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private async fail(): Promise<void> {
    const { durationMs, canCut, ending } = this.options;
    const sleep = (ms: number) => this.sleep(ms);
    const failures = new Failures(this.cluster, this.random, canCut, sleep);
    const endMs = performance.now() + durationMs;
    await this.protected();
    this.load.start();
    for (;;) {
      const view = await this.protected();
      await this.answers();
      await sleep(QUIET_MS.least + this.random.below(QUIET_MS.most - QUIET_MS.least));
      if (performance.now() >= endMs || ending()) return;
      const failure = failures.draw(await this.protected());
      const fromMs = performance.now();
      this.killed = failure.killed;
      await failure.happen();
      const before = view.vm!.newest.record.primary;
      const after = await this.protected(() => failure.isOver());
      const recoveredMs = performance.now() - fromMs;
      await this.answers();
      this.killed = [];
      const gapMs = this.load.longestWait(fromMs, performance.now());
      const isFailover = after.vm!.newest.record.primary !== before;
      this.result.outcomes.push({ kind: failure.kind, gapMs, recoveredMs, isFailover });
      this.say(
        `${failure.text}: longest wait ${gapMs.toFixed(0)} ms, recovered after ${(recoveredMs / 1000).toFixed(1)} s`,
      );
    }
  }

  /** Sleeps, and less when the user wants the end. */
  private async sleep(ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    for (let left = ms; left > 0 && !this.options.ending(); left = endMs - performance.now())
      await pause(Math.min(left, POLL_MS));
  }

  /** Waits for the VM to be protected and everybody to be connected. @throws {RoundOver} */
  private protected(isOver: () => boolean = () => true): Promise<View> {
    const { backups, hosts } = this.options.cluster;
    let last: View | undefined;
    return this.when(
      async () => {
        const view = await this.cluster.view();
        last = view;
        return isOver() && isProtected(view, hosts, backups) ? view : undefined;
      },
      () => `the VM is not protected:\n${last ? statusText(last.statuses).join('\n') : 'no status'}`,
    );
  }

  /** Waits until each client has an answer to a new request. @throws {RoundOver} */
  private async answers(): Promise<void> {
    const { load } = this;
    const enough = load.answered + FRESH_ANSWERS;
    await this.when(
      async () => load.answered >= enough || undefined,
      () => `the guest does not answer: ${load.answered} answers`,
    );
  }

  /** Polls for a value, up to the patience of the soak. @throws {RoundOver} */
  private async when<T>(poll: () => Promise<T | undefined>, what: () => string): Promise<T> {
    const endMs = performance.now() + this.options.patienceMs;
    for (;;) {
      this.mustBeWell();
      const value = await poll();
      if (value !== undefined) return value;
      if (performance.now() > endMs)
        throw new RoundOver({ kind: 'hang', text: `after ${this.options.patienceMs / 1000} s ${what()}` });
      await pause(POLL_MS);
    }
  }

  /** @throws {RoundOver} */
  private mustBeWell(): void {
    if (this.options.ending() === 'at once') throw new RoundOver(undefined);
    const { cluster, load } = this;
    const [death] = cluster.deaths;
    if (death)
      throw new RoundOver({ kind: 'death', text: `the process ${death.id} ended ${death.how} by itself` });
    if (load.problems.length > 0) throw new RoundOver({ kind: 'violation', text: load.problems.join('\n') });
    if (cluster.ended === LOST) {
      const over = whyLost(join(cluster.directory, 'evidence'), this.killed);
      this.result.isLost = true;
      throw over;
    }
    if (cluster.ended !== undefined)
      throw new RoundOver({ kind: 'violation', text: `\`vmft up\` has ended with code ${cluster.ended}` });
  }

  // ── The end ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends the guest in order. @throws {RoundOver} */
  private async conclude(): Promise<void> {
    const { cluster, load } = this;
    const { patienceMs } = this.options;
    const concluded = load.conclude().then(() => true);
    const ended = await Promise.race([concluded, cluster.hasEnded(patienceMs)]);
    if (!ended || !(await cluster.hasEnded(patienceMs)))
      throw new RoundOver({ kind: 'hang', text: `the guest does not end within ${patienceMs / 1000} s` });
    if (cluster.ended !== 0)
      throw new RoundOver({
        kind: 'violation',
        text: `at the end of the guest the code is ${cluster.ended}`,
      });
  }

  private async judge(): Promise<void> {
    const { load, result, cluster, options } = this;
    if (options.ending() === 'at once') return;
    result.answered = load.answered;
    result.notes.push(...load.check());
    // What ended the round is known already.
    if (result.findings.every(({ kind }) => kind !== 'violation'))
      result.findings.push(...load.problems.map((text): Finding => ({ kind: 'violation', text })));
    const { code, stdout, stderr } = await cluster.judge();
    try {
      const [verdict] = JSON.parse(stdout) as { violations: { text?: string }[]; missing: string[] }[];
      const { violations, missing } = verdict!;
      result.notes.push(...missing.map((what) => `not judged: ${what}`));
      if (violations.length > 0)
        result.findings.push({ kind: 'violation', text: JSON.stringify(violations, null, 2) });
    } catch {
      result.findings.push({ kind: 'violation', text: `vmft judge: code ${code}: ${stderr.trim()}` });
    }
  }

  private finished(): RoundResult {
    const { result, cluster } = this;
    const { findings, notes, outcomes, answered } = result;
    if (this.lateMs > LATE_MS)
      notes.push(`this machine is too busy: a timer of the soak was ${this.lateMs.toFixed(0)} ms late`);
    if (findings.length === 0) cluster.remove();
    else result.kept = cluster.directory;
    for (const note of notes) this.say(note);
    for (const { kind, text } of findings) this.say(`${kind.toUpperCase()}: ${text}`);
    this.say(`${outcomes.length} failures, ${answered} answers, ${findings.length} findings`);
    if (result.kept) this.say(`kept; again: vmft judge ${join(result.kept, 'evidence')}`);
    return result;
  }
}

/** The exit code of `vmft up` when no host has the machine any more. */
const LOST = 5;

function isProtected({ statuses, vm }: View, hosts: number, backups: number): boolean {
  const isConnected = ({ status }: View['statuses'][number]) =>
    status?.hasStorage && status.hasSwitch && status.connected.length === hosts - 1;
  if (!vm || !statuses.every(isConnected) || vm.newest.record.backups.length !== backups) return false;
  const inPhase = (phase: string) => vm.members.filter(({ status }) => status.phase === phase).length;
  return inPhase('primary') === 1 && inPhase('backup') === backups && vm.members.length === hosts;
}
