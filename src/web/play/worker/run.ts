/** Runs a setup, in parts, to what the page shows of it. */
import { compareLast } from '../../../check/verdict.ts';
import { pageOf } from '../../../report/page/page.ts';
import type { PageData } from '../../../report/page/page-data.ts';
import { storyPage } from '../../../report/page/story-page.ts';
import type { RunFacts } from '../../../report/run-report.ts';
import { evidenceOf } from '../../../sim/cluster/evidence.ts';
import { faultText } from '../../../sim/faults/fault-text.ts';
import { Session } from '../../../sim/session/session.ts';
import { UNNAMED } from '../../../symbols/naming.ts';
import { type Files, guestOf, inputOf } from '../model/guests.ts';
import { bundledName, commandOf, type Setup, scenarioOf } from '../model/setup.ts';
import type { FinishedRun, RunProgress } from './tasks.ts';

/** Defined by the build, from package.json. */
declare const VMFT_VERSION: string;

/** A session at the beginning of a setup's run. @throws {OperatingError} if its guest can't be made */
export function sessionOf(files: Files, setup: Setup): Session {
  const scenario = scenarioOf(setup);
  const { guest, spec, typed } = scenario;
  const { description, diskContent } = guestOf(files, guest, {
    ...scenario,
    source: setup.source,
    clients: spec.clients,
  });
  const input = typed === undefined ? inputOf(files, guest) : new TextEncoder().encode(typed);
  // To go back, the run is made again: nothing here asks for its earlier moments but its machines, which have histories.
  return new Session({ spec, description, diskContent, input }, { parkedAtMost: 0 });
}

/**
 * Runs a session to its end, and judges the run.
 * @throws {OperatingError} if too much happens to be checked in memory
 */
export function* running(files: Files, setup: Setup, session: Session): Generator<RunProgress, FinishedRun> {
  const progress = (): RunProgress => ({ steps: session.simulation.machine.icount, atNs: session.atNs });
  yield progress();
  for (const _ of session.seeking('end')) yield progress();
  yield progress();
  const performance = session.performance();
  yield progress();
  const { simulation, violations } = performance;
  const scenario = scenarioOf(setup);
  const isStory = scenario.says.length > 0 || scenario.expectations.length > 0;
  const facts: RunFacts = {
    ...{ simulation, violations, comparison: compareLast(evidenceOf(simulation)), naming: UNNAMED },
    asked: { ft: scenario.spec.backups > 0, verify: true },
  };
  const page = pageOf(facts, session.trace(), {
    ...{ version: VMFT_VERSION, command: commandOf(files, setup) },
    title: isStory ? scenario.title : simulation.options.description.program,
  });
  const name = bundledName(files, setup);
  const file = name === undefined ? scenario.title : `${name}.story`;
  return finished(session, isStory ? storyPage(page, { ...scenario, file }, performance) : page);
}

function finished({ simulation, run }: Session, page: PageData): FinishedRun {
  const { machine } = simulation;
  const outcome = simulation.outcome!;
  return {
    ...{ page, outcome, steps: machine.icount, spec: run.spec },
    faults: simulation.injector.outcomes.map((one) => ({
      text: faultText(one.fault),
      ...('injected' in one ? { atNs: one.injected.atNs } : { why: one.notTriggered }),
    })),
    exitCode: outcome === 'completed' ? machine.power.code : undefined,
    stateHash: machine.hash().toString(16).padStart(16, '0'),
    console: new TextDecoder().decode(simulation.transcript),
  };
}
