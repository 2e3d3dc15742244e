/** What a soak finds. */
import { filesIn } from '../../src/cli/judging/files.ts';
import type { GenerationRecord } from '../../src/ft/effects.ts';

/** What must not happen; the evidence of its cluster is kept. */
export interface Finding {
  /**
   * `violation`: a client or a checker found a contradiction, or a protected VM was lost. `hang`: an expected event did
   * not come in time. `death`: a process ended by itself. `left`: something was left behind.
   */
  kind: 'violation' | 'hang' | 'death' | 'left';
  text: string;
}

/** Ends a round: with a finding, or with `message` as a reason that is no finding. */
export class RoundOver extends Error {
  constructor(
    readonly finding: Finding | undefined,
    message = finding?.text,
  ) {
    super(message);
  }
}

/** The record of the newest generation, by the evidence of storage. */
function newestRecord(evidence: string): GenerationRecord | undefined {
  let newest: { generation: number; record: GenerationRecord } | undefined;
  for (const { storages } of filesIn(evidence))
    for (const file of storages)
      for (const one of file)
        if (one.kind === 'generation' && one.generation > (newest?.generation ?? 0)) newest = one;
  return newest?.record;
}

/**
 * A VM is lost: a violation, unless its newest generation had no host but those that were killed. Such a generation
 * comes from a suspicion, or a copy, that overlapped with the kill: then the VM was not protected.
 */
export function whyLost(evidence: string, killed: readonly string[]): RoundOver {
  const record = newestRecord(evidence);
  if (!record) return new RoundOver({ kind: 'violation', text: 'the VM is lost, and its record too' });
  const members = [record.primary, ...record.backups];
  const others = members.filter((name) => !killed.includes(name));
  const who = `its newest generation was ${members.join(', ')}; killed: ${killed.join(', ') || 'none'}`;
  return others.length > 0
    ? new RoundOver({
        kind: 'violation',
        text: `the VM is lost although ${others.join(', ')} had it: ${who}`,
      })
    : new RoundOver(undefined, `the VM was lost by two failures at once: ${who}`);
}
