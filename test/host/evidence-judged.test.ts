/** Evidence of real processes, judged by the simulator's checkers; and what they say when it was tampered with. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Writer } from '../../src/base/codec.ts';
import { recordingOf } from '../../src/cli/judge.ts';
import { EvidenceFile, filesIn } from '../../src/cli/judging/files.ts';
import { FollowedRun } from '../../src/cli/judging/followed-run.ts';
import { RealRun, type Verdict } from '../../src/cli/judging/run.ts';
import {
  EVIDENCE_MAGIC,
  EVIDENCE_SUFFIX,
  EVIDENCE_VERSION,
  type EvidenceRecord,
  timedRecord,
} from '../../src/host/evidence/format.ts';
import type { GroupStatus } from '../../src/host/host-messages.ts';
import { writeFrame } from '../../src/replay/chained-frames.ts';
import { readLog } from '../../src/replay/log-file.ts';
import { RecordingWriter } from '../../src/replay/recorder.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { workplace } from '../cli/command.ts';
import { guest } from '../sim/support.ts';
import { examples } from '../thorough.ts';
import { cluster, GROUP, type TestHost } from './cluster-rig.ts';
import { until } from './wire-parts.ts';

/** The size of the disk that the test guests are described with. */
const DISK_BYTES = 64 << 10;
const { vmft } = workplace();
const nextTurn = () => setTimeout(1);
const made: string[] = [];
const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'vmft-'));
  made.push(directory);
  return directory;
};
process.on('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** On a busy machine a backup may be evicted just before its primary fails: then the VM is lost. */
class Lost extends Error {}

/** What hosts say. @throws {Lost} when none of them has the VM */
async function statusOf(hosts: readonly TestHost[]): Promise<GroupStatus[]> {
  const all = await Promise.all(hosts.map((host) => host.status()));
  if (all.every(({ role }) => role === 'spare')) throw new Lost();
  return all;
}

/** Makes a run, again if its VM is lost. */
async function run(guest: (evidence: string) => Promise<void>): Promise<string> {
  for (;;) {
    const directory = temporary();
    try {
      await guest(directory);
      return directory;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
    }
  }
}

/** The host of these that is live, and whose failure another one of them survives. */
async function protectedPrimary(hosts: readonly TestHost[]): Promise<TestHost> {
  for (;;) {
    for (const [index, { role, record }] of (await statusOf(hosts)).entries())
      if (role === 'primary' && record.backups.some((name) => hosts.some((one) => one.name === name)))
        return hosts[index]!;
    await nextTurn();
  }
}

/** Waits until the guest has ended, and all its outputs are delivered. */
async function completes(hosts: readonly TestHost[]): Promise<void> {
  for (;;) {
    if ((await statusOf(hosts)).some(({ stopped }) => stopped === 'completed')) return;
    await nextTurn();
  }
}

/** The hosts in the order of their failures; the last one ends the run. */
const order: Record<'bank' | 'journal', string[]> = { bank: [], journal: [] };

/** The bank on three hosts: two of them fail, and the third, which was copied to, ends the day. */
async function bank(evidence: string): Promise<void> {
  order.bank = [];
  const { description, input } = guest('bank');
  const { hosts, terminal, shown, end } = await cluster(description, {
    evidence,
    disk: new Uint8Array(DISK_BYTES),
  });
  const text = new TextDecoder().decode(input);
  const parts = [text.slice(0, 40), text.slice(40, 400), text.slice(400)];
  let left = hosts;
  for (const part of parts) {
    const seen = shown().length;
    if (left.length > 1) await protectedPrimary(left);
    void terminal.type(new TextEncoder().encode(part));
    if (left.length === 1) break;
    await until(() => shown().length > seen + 40);
    const primary = await protectedPrimary(left);
    await primary.crash();
    order.bank.push(primary.name);
    left = left.filter((host) => host !== primary);
  }
  await completes(left);
  order.bank.push(left[0]!.name);
  await end();
}

/** The journal on its disk, with one failure. */
async function journal(evidence: string): Promise<void> {
  const { description } = guest('journal');
  const { hosts, shown, end } = await cluster(description, { evidence, disk: new Uint8Array(DISK_BYTES) });
  await until(() => shown().includes('record 2 '));
  const primary = await protectedPrimary(hosts);
  await primary.crash();
  const left = hosts.filter((host) => host !== primary);
  await completes(left);
  await end();
}

const runs = { bank: '', journal: '' };
beforeAll(async () => {
  // On a busy machine a false suspicion may give it another course: the tests need one in which the machine was copied
  // to the last host, and in which outputs waited for a backup.
  do runs.bank = await run(bank);
  while (order.bank[2] !== 'c' || violationsWithout('ack').length === 0);
  runs.journal = await run(journal);
  order.journal = [judged(runs.journal).survivor];
});

function judged(directory: string): Verdict {
  const [files] = filesIn(directory, GROUP);
  return new RealRun(files!).judge();
}

const filesOf = (directory: string, part: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.includes(part) && name.endsWith(EVIDENCE_SUFFIX))
    .map((name) => join(directory, name));
const fileOf = (directory: string, part: string): string => filesOf(directory, part)[0]!;

/** A run with its files changed: `change` gets the records of a file, and returns others. */
function tampered(
  run: keyof typeof runs,
  part: string,
  change: (records: EvidenceRecord[]) => EvidenceRecord[],
): Verdict {
  const directory = temporary();
  cpSync(runs[run], directory, { recursive: true });
  const path = fileOf(directory, part);
  const file = new EvidenceFile(path);
  const records = [...file];
  const out = new Writer();
  out.raw(EVIDENCE_MAGIC);
  out.u16(EVIDENCE_VERSION);
  let checksum = 0;
  for (const record of [file.head, ...change(records), { kind: 'closed' as const }])
    checksum = writeFrame(out, checksum, (frame) => timedRecord.write(frame, { afterUs: 0, record }));
  writeFileSync(path, out.take());
  return judged(directory);
}

/** What the output rule finds when each host's file in turn has no records of a kind. */
const violationsWithout = (kind: EvidenceRecord['kind']): string[] =>
  order.bank.flatMap((name) =>
    tampered('bank', `host-${name}`, (records) => records.filter((record) => record.kind !== kind))
      .violations.filter(({ invariant }) => invariant === 'output-rule')
      .map(({ message }) => message),
  );

const host = (index: number) => `host-${order.bank[index]}`;
const invariants = ({ violations }: Verdict) => violations.map(({ invariant }) => invariant);

test('a run with failovers is judged clean, from boot to its end on a host that was copied to', () => {
  const verdict = judged(runs.bank);
  expect(verdict).toMatchObject({
    ...{ group: GROUP, program: 'bank.s', outcome: 'completed', survivor: order.bank[2] },
    ...{ violations: [], missing: [] },
  });
  expect(verdict.failovers).toBeGreaterThanOrEqual(2);
  expect(verdict.generations).toBeGreaterThanOrEqual(4);
});

test('a run with a disk is judged clean', () => {
  expect(judged(runs.journal)).toMatchObject({ outcome: 'completed', violations: [], missing: [] });
});

test('its recording ends in the state of the machine that ran', () => {
  const [files] = filesIn(runs.bank);
  const run = new RealRun(files!);
  const pieces = [...recordingOf(files!, run)];
  const { description, entries, damage } = readLog(Buffer.concat(pieces), 'bank');
  expect(damage).toBeUndefined();
  const timeline = new Timeline(description, entries);
  for (const _ of timeline.slices());
  expect(timeline.machine.hash()).toBe(run.end!.hash);
  expect(timeline.icount).toBe(run.end!.icount);
});

test('the commands: a verdict, and a replay of its recording to the same state', async () => {
  const log = join(temporary(), 'bank.log');
  const { code, stdout } = await vmft(['judge', runs.bank, '--record', log, '--json']);
  const [verdict] = JSON.parse(stdout);
  expect([code, verdict.violations, verdict.missing]).toEqual([0, [], []]);
  const replayed = await vmft(['replay', log, '--json']);
  expect(replayed.code).toBe(0);
  const { stateHash, steps } = JSON.parse(replayed.stdout);
  expect({ stateHash, steps }).toEqual({ stateHash: verdict.stateHash, steps: verdict.steps });
  expect((await vmft(['judge', runs.bank])).stdout).toMatch(
    /^no violations in group g1: bank.s completed on \w at/,
  );
  expect((await vmft(['judge', runs.bank, '--group', 'other'])).code).toBe(2);
});

describe('a recording that is made while the evidence is written', () => {
  const isInput = ({ kind }: Entry) => kind !== 'check' && kind !== 'output';

  /** Each host's evidence grows by itself: the shares of the files that are there at each look. */
  const looks = (directory: string) =>
    fc
      .array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }), {
        minLength: 1,
        maxLength: 5,
      })
      .map((all) => {
        const files = filesOf(directory, 'host-');
        const shares = files.map((_, index) => all.map((look) => look[index % 3]!).sort((a, b) => a - b));
        return [...all.map((_, look) => shares.map((one) => one[look]!)), files.map(() => 1)];
      });

  /** Each host's file is behind those of the others once, and once the only one that is there. */
  const behind = (directory: string): [number[][]][] => {
    const files = filesOf(directory, 'host-');
    const look = (share: number, others: number) =>
      files.map((_, one): [number[][]] => [
        [files.map((_, index) => (index === one ? share : others)), files.map(() => 1)],
      ]);
    return [...look(0.3, 1), ...look(1, 0)];
  };

  test.each(['bank', 'journal'] as const)(
    'of the %s is at each look one of a machine that was live',
    (name) => {
      const [files] = filesIn(runs[name]);
      const machine = files!.description;
      const run = new RealRun(files!);
      fc.assert(
        fc.property(looks(runs[name]), (all) => {
          const directory = temporary();
          let content = new Uint8Array(0);
          const writer = new RecordingWriter(machine, (head) => {
            content = head.slice();
            return {
              append: (bytes) => {
                content = new Uint8Array(Buffer.concat([content, bytes]));
              },
              truncate: (sizeBytes) => {
                content = content.slice(0, sizeBytes);
              },
              read: (offset, sizeBytes) => content.slice(offset, offset + sizeBytes),
            };
          });
          const followed = new FollowedRun(directory, GROUP, () => writer);
          let how = 'waiting';
          for (const shares of all) {
            for (const [index, path] of filesOf(runs[name], 'host-').entries()) {
              const bytes = readFileSync(path);
              writeFileSync(
                join(directory, basename(path)),
                bytes.subarray(0, Math.floor(bytes.length * shares[index]!)),
              );
            }
            // The survivor's end may be there before those of the others.
            if (how === 'waiting') how = followed.look();
            const { entries } = readLog(content, name);
            // It diverges if it is of no machine.
            const timeline = new Timeline(machine, entries);
            for (const _ of timeline.slices());
          }
          expect([how, followed.missing]).toEqual(['over', undefined]);
          const { entries, damage } = readLog(content, name);
          expect(damage).toBeUndefined();
          const alone = [...run.history].filter(isInput);
          expect(entries.filter(isInput).slice(0, -1)).toEqual(alone);
          const checks = (list: readonly Entry[]) =>
            new Set(list.flatMap(({ kind, icount }) => (kind === 'check' ? [icount] : [])));
          expect([...checks(entries)]).toEqual(expect.arrayContaining([...checks([...run.history])]));
        }),
        { numRuns: examples(15), examples: behind(runs[name]) },
      );
    },
  );

  test('the command: it follows, and can be replayed; what is missing is said', async () => {
    const log = join(temporary(), 'bank.log');
    const whole = await vmft(['record', runs.bank, '-o', log, '--follow']);
    expect([whole.code, whole.stderr]).toEqual([
      0,
      expect.stringMatching(/recorded to \S+: .*, complete\n$/),
    ]);
    const replayed = await vmft(['replay', log, '--json']);
    expect(BigInt(`0x${JSON.parse(replayed.stdout).stateHash}`)).toBe(
      new RealRun(filesIn(runs.bank)[0]!).end!.hash,
    );
    const directory = temporary();
    cpSync(runs.bank, directory, { recursive: true });
    for (const path of filesOf(directory, host(2))) truncateSync(path, readFileSync(path).length >> 1);
    const cut = await vmft(['record', directory, '-o', log]);
    expect([cut.code, cut.stderr]).toEqual([0, expect.stringContaining('not complete: the VM may run on')]);
    expect((await vmft(['replay', log])).stderr).toContain('the log is cut short');
    const before = readFileSync(log);
    for (const part of [host(0), host(1)]) for (const path of filesOf(directory, part)) rmSync(path);
    const gap = await vmft(['record', directory, '-o', log]);
    expect([gap.code, gap.stderr]).toEqual([
      2,
      expect.stringMatching(/of which there is no evidence|are needed/),
    ]);
    expect(readFileSync(log)).toEqual(before);
    const none = await vmft(['record', temporary(), '-o', log]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('`--evidence DIR`')]);
    const piped = await vmft(['record', runs.bank, '-o', '-']);
    expect([piped.code, piped.stderr]).toEqual([2, expect.stringContaining('which only a file can be')]);
  });
});

describe('evidence that was tampered with', () => {
  test('an output that left without an acknowledgement', () => {
    expect(violationsWithout('ack').join()).toMatch(
      /output \d+ left \w, but \w holds entries only for outputs up to 0/,
    );
  });

  test('an acknowledgement of what had not arrived', () => {
    expect(violationsWithout('arrived').join()).toMatch(
      /\w acknowledged log entries up to \d+, when only those up to \d+/,
    );
  });

  test('two live machines in one generation', () => {
    // That in which the first one failed.
    const lives = [...new EvidenceFile(fileOf(runs.bank, host(0)))].flatMap((record) =>
      record.kind === 'live' || record.kind === 'members' ? [record.generation] : [],
    );
    const generation = lives.at(-1) ?? 1;
    const verdict = tampered('bank', host(2), (records) =>
      records.map((record) => (record.kind === 'live' ? { ...record, generation } : record)),
    );
    expect(invariants(verdict)).toContain('one-live');
  });

  test('an output that was seen twice', () => {
    const verdict = tampered('bank', 'switch', (records) =>
      records.flatMap((record): EvidenceRecord[] =>
        record.kind === 'console' ? [record, record] : [record],
      ),
    );
    expect(invariants(verdict)).toEqual(['outputs-covered']);
  });

  test('an output that was lost', () => {
    const verdict = tampered('bank', 'switch', (records) => {
      const last = records.findLastIndex(({ kind }) => kind === 'console');
      return records.filter((_, index) => index !== last);
    });
    expect(invariants(verdict)).toEqual(['outputs-covered']);
  });

  test('typed input that nobody typed', () => {
    const verdict = tampered('bank', 'switch', (records) =>
      records.map((record) =>
        record.kind === 'typed' ? { ...record, data: record.data.map((byte) => byte ^ 1) } : record,
      ),
    );
    expect(invariants(verdict)).toContain('input-once');
  });

  test('a write to the disk that was lost', () => {
    const verdict = tampered('journal', 'storage', (records) => {
      const last = records.findLastIndex(({ kind }) => kind === 'write');
      return records.filter((_, index) => index !== last);
    });
    expect(invariants(verdict)).toEqual(['disk-covered']);
  });

  test('a write to the disk that was done twice', () => {
    const verdict = tampered('journal', 'storage', (records) => {
      const first = records.find(({ kind }) => kind === 'write')!;
      return [...records, first];
    });
    expect(invariants(verdict)).toContain('disk-covered');
  });

  test('a byte of the history', () => {
    const change = (records: EvidenceRecord[]) =>
      records.map((record) =>
        record.kind === 'entries'
          ? {
              ...record,
              entries: record.entries.map((entry) =>
                entry.kind === 'console' ? { ...entry, data: entry.data.map((byte) => byte ^ 2) } : entry,
              ),
            }
          : record,
      );
    // Of machines that the last one's history comes from, and of those that were replaced.
    for (const name of order.bank) {
      const path = fileOf(runs.bank, `host-${name}`);
      const isTyped = ([...new EvidenceFile(path)] as EvidenceRecord[]).some(
        (record) => record.kind === 'entries' && record.entries.some(({ kind }) => kind === 'console'),
      );
      if (isTyped) expect(tampered('bank', `host-${name}`, change).violations).not.toEqual([]);
    }
  });

  test('the final state', () => {
    const verdict = tampered('bank', host(2), (records) =>
      records.map((record) => (record.kind === 'state' ? { ...record, hash: record.hash ^ 1n } : record)),
    );
    expect(verdict.violations[0]!.message).toMatch(
      /no machine has the history of \w: .*the state has the hash/,
    );
  });
});

describe('files that were cut short', () => {
  /** The run, with files cut to parts of their sizes. */
  function cut(name: keyof typeof runs, parts: string | string[], share: number): Verdict {
    const directory = temporary();
    cpSync(runs[name], directory, { recursive: true });
    for (const path of [parts].flat().flatMap((part) => filesOf(directory, part)))
      truncateSync(path, Math.floor(readFileSync(path).length * share));
    return judged(directory);
  }

  test('a host that was killed and replaced is not needed any more', () => {
    expect(cut('bank', host(0), 0.9)).toMatchObject({ violations: [], missing: [] });
  });

  test('of the host that was live last, what is known is judged, and the rest is named', () => {
    for (const share of [0.3, 0.6, 0.9, 0.99]) {
      const verdict = cut('bank', host(2), share);
      expect(verdict.violations).toEqual([]);
      expect(verdict.missing.length).toBeGreaterThan(0);
    }
    for (const share of [0.5, 0.9])
      expect(cut('journal', `host-${order.journal[0]}`, share).violations).toEqual([]);
  });

  test('a gap in the history is named', () => {
    const { violations, missing } = cut('bank', [host(0), host(1)], 0);
    expect(violations).toEqual([]);
    expect(missing.join()).toMatch(/got its machine from/);
  });

  test('without the switch or storage the rest is judged', () => {
    for (const part of ['switch', 'storage']) {
      const { violations, missing } = cut('journal', part, 0);
      expect(violations).toEqual([]);
      expect(missing.join()).toContain(`no evidence of the ${part}`);
    }
  });

  test('damage is named', () => {
    const directory = temporary();
    cpSync(runs.bank, directory, { recursive: true });
    const path = fileOf(directory, 'switch');
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    const { violations, missing } = judged(directory);
    expect(violations).toEqual([]);
    expect(missing.join()).toMatch(/switch-switch.1.evidence is damaged at byte \d+/);
  });
});
