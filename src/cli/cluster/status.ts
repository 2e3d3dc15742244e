/** `vmft status`. */
import { setTimeout } from 'node:timers/promises';
import { EXIT_CODE } from '../exit-codes.ts';
import { canRewrite } from '../terminal/abilities.ts';
import { ClusterDirectory } from './directory.ts';
import { type GroupView, groupsOf, type HostStatus, Operator } from './operator.ts';

/** The options of `vmft status`. */
export interface StatusOptions {
  dir: string;
  watch?: boolean;
  json?: boolean;
}

const WATCH_MS = 500;
const HOME_AND_CLEAR = '\x1b[H\x1b[J';

/** Rows as aligned columns. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index]!))
      .join('  ')
      .trimEnd(),
  );
}

/** A number of steps for people. */
export const stepsText = (steps: number): string => steps.toLocaleString('en').replaceAll(',', ' ');

const orDash = (text: string): string => (text === '' ? '–' : text);

/** One VM in a line. */
export function summary({ group, newest }: GroupView): string {
  const { generation, record, stopped, exitCode } = newest;
  if (stopped === 'completed') return `${group}: the guest has ended with exit code ${exitCode ?? 0}`;
  if (stopped !== undefined) return `${group}: ${stopped}`;
  const backups = record.backups.length > 0 ? `backup ${record.backups.join(', ')}` : 'no backup';
  return `${group}: generation ${generation}, primary ${record.primary}, ${backups}`;
}

/** The table of hosts and VMs. */
export function statusText(statuses: readonly HostStatus[]): string[] {
  const hosts = statuses.map((one) => {
    const { name } = one.host;
    if (!one.status) return [name, '–', 'down', one.why];
    const { pid, connected, hasStorage, hasSwitch } = one.status;
    const missing = [...(hasStorage ? [] : ['no storage']), ...(hasSwitch ? [] : ['no switch'])];
    return [name, String(pid), 'up', [`peers ${orDash(connected.join(' '))}`, ...missing].join(', ')];
  });
  const lines = aligned([['HOST', 'PID', 'STATE', 'CONNECTED'], ...hosts]);
  for (const view of groupsOf(statuses)) {
    const rows = view.members.map(({ host, status }) => [
      ...[host, status.role, status.phase, String(status.generation)],
      status.icount === undefined ? '–' : stepsText(status.icount),
      ...[stepsText(status.logEnd), stepsText(status.backlog)],
    ]);
    lines.push('', summary(view));
    lines.push(...aligned([['HOST', 'ROLE', 'PHASE', 'GEN', 'POSITION', 'LOG', 'BACKLOG'], ...rows]));
  }
  return lines;
}

/** Whether every VM has a primary, or has ended. */
const isServed = (statuses: readonly HostStatus[]): boolean =>
  groupsOf(statuses).every(
    ({ members, newest }) =>
      newest.stopped === 'completed' || members.some(({ status }) => status.role === 'primary'),
  );

/** The document of `--json`. */
export const document = (statuses: readonly HostStatus[]): object => ({
  hosts: statuses.map((one) => ({
    ...one.host,
    ...(one.status
      ? { up: true, ...one.status, groups: undefined, kind: undefined }
      : { up: false, why: one.why }),
  })),
  groups: groupsOf(statuses).map(({ group, newest, members }) => ({
    ...{ group, generation: newest.generation, ...newest.record },
    members: members.map(({ host, status }) => ({ host, ...status })),
  })),
});

/** `vmft status`. */
export async function status({ dir, watch, json }: StatusOptions): Promise<number> {
  const operator = new Operator(new ClusterDirectory(dir));
  try {
    for (;;) {
      const statuses = await operator.statuses(watch ? WATCH_MS : undefined);
      if (json) process.stdout.write(`${JSON.stringify(document(statuses), null, watch ? 0 : 2)}\n`);
      else {
        const clear = watch && canRewrite(process.stdout) ? HOME_AND_CLEAR : '';
        process.stdout.write(`${clear}${statusText(statuses).join('\n')}\n`);
      }
      if (!watch) return isServed(statuses) ? 0 : EXIT_CODE.lost;
      await setTimeout(WATCH_MS);
    }
  } finally {
    operator.close();
  }
}
