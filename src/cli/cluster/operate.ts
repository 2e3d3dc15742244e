/** The commands that change a running cluster: `vmft crash`, `vmft move` and `vmft remove`. */
import { setTimeout } from 'node:timers/promises';
import { OperatingError } from '../../base/errors.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { ClusterDirectory } from './directory.ts';
import { chosenGroup, type GroupView, groupsOf, Operator } from './operator.ts';

/** The options of the commands for one VM. */
export interface OperateOptions {
  dir: string;
  group?: string;
}

const POLL_MS = 50;
/** How long the end of a switch-over is waited for. */
const MOVE_MS = 30_000;

async function operate<T>(dir: string, action: (operator: Operator) => Promise<T>): Promise<T> {
  const operator = new Operator(new ClusterDirectory(dir));
  try {
    return await action(operator);
  } finally {
    operator.close();
  }
}

const viewOf = async (operator: Operator, group: string | undefined): Promise<GroupView> =>
  chosenGroup(groupsOf(await operator.statuses()), group);

/** The host that is meant by a role, or by its name. */
async function hostOf(operator: Operator, who: string, group: string | undefined): Promise<string> {
  if (who !== 'primary' && who !== 'backup') return who;
  const view = await viewOf(operator, group);
  const { record } = view.newest;
  const name = who === 'primary' ? record.primary : record.backups[0];
  if (name === undefined) throw new OperatingError(`${view.group} has no backup at present`);
  return name;
}

/** `vmft crash`. */
export const crash = (who: string, { dir, group }: OperateOptions): Promise<number> =>
  operate(dir, async (operator) => {
    const name = await hostOf(operator, who, group);
    const host = await operator.host(name);
    // Its process ends instead of answering.
    const failure = await host.ask({ kind: 'crash' }).catch((error: unknown) => error);
    if (!(failure instanceof OperatingError)) throw failure;
    process.stdout.write(`the process of host ${name} is killed\n`);
    return 0;
  });

/** `vmft move`. */
export const move = (options: OperateOptions & { to?: string }): Promise<number> =>
  operate(options.dir, async (operator) => {
    const { group, newest } = await viewOf(operator, options.group);
    const { primary } = newest.record;
    const host = await operator.host(primary);
    const { to } = options;
    await host.ask({ kind: 'command', group, command: { kind: 'switch-over', to } });
    for (let ms = 0; ms < MOVE_MS; ms += POLL_MS) {
      const now = (await viewOf(operator, group)).newest.record.primary;
      if (now !== primary) {
        process.stdout.write(`${now} is the primary of ${group} now, before it was ${primary}\n`);
        return to === undefined || now === to ? 0 : EXIT_CODE.failed;
      }
      await setTimeout(POLL_MS);
    }
    process.stderr.write(
      `vmft: ${primary} is still the primary of ${group} after ${MOVE_MS / 1000} s; see \`vmft status\`\n`,
    );
    return EXIT_CODE.failed;
  });

/** `vmft remove`. */
export const remove = (group: string, { dir }: OperateOptions): Promise<number> =>
  operate(dir, async (operator) => {
    const statuses = await operator.statuses();
    const { storage } = operator;
    if (!(await storage.has(group))) throw new OperatingError(`there is no VM ${group} in this cluster`);
    const away = statuses.filter(({ status }) => !status).map(({ host }) => host.name);
    if (away.length > 0)
      throw new OperatingError(
        `${away.join(', ')} can't be reached, and would come back as a member of ${group}: start it first`,
      );
    for (const { host } of statuses) await (await operator.host(host.name)).ask({ kind: 'remove', group });
    await (await operator.switch()).ask({ kind: 'end', group }).catch(ignoreUnknown);
    await storage.remove(group);
    process.stdout.write(`${group} has ended\n`);
    return 0;
  });

/** The switch learns of a group from its first output: it may not know this one. */
function ignoreUnknown(error: unknown): void {
  if (!(error instanceof OperatingError)) throw error;
}
