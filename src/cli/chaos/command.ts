/** The `vmft run` command that shows a run of a campaign again. */
import { CHECK_STEPS, MAX_STEPS, type Run } from '../../sim/campaign/campaign.ts';
import { faultText } from '../../sim/faults/fault-text.ts';
import type { ChaosOptions } from '../options.ts';

/** The arguments after `vmft`. `steps`: how far the guest came; one that was stopped must be stopped again. */
export function runArguments(path: string | undefined, options: ChaosOptions, run: Run, steps = 0): string[] {
  const given = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [name, String(value)];
  return [
    'run',
    ...(path === undefined ? [] : [path]),
    ...given('--kernel', options.kernel),
    ...given('--initrd', options.initrd),
    ...given('--append', options.append),
    ...given('--bios', options.bios),
    ...deviceArguments(options),
    ...(options.console === 'virtio' ? ['--console', 'virtio'] : []),
    ...(options.clock === 'derived' ? ['--clock', 'derived'] : []),
    ...(options.include ?? []).flatMap((folder) => ['--include', folder]),
    ...(options.raw ? ['--raw'] : []),
    ...given('--seed', run.seed),
    ...given('--memory', sizeText(options.memory)),
    ...(options.defsym ?? []).flatMap(([name, value]) => ['--defsym', `${name}=${value}`]),
    ...given('--input', options.input),
    ...(options.clients > 0 ? given('--clients', options.clients) : []),
    ...given('--backups', run.backups),
    ...given('--spares', run.spares),
    ...(run.replication === 'lockstep' ? [] : ['--replication', run.replication]),
    ...(run.disk === 'shared' ? [] : ['--disk', run.disk]),
    ...Object.entries(run.speeds).flatMap(([host, factor]) => ['--speed', `${host}=${factor}`]),
    ...given('--check-every', CHECK_STEPS),
    ...(steps >= MAX_STEPS ? given('--max-steps', MAX_STEPS) : []),
    ...(options.unsafe ?? []).flatMap((rule) => ['--unsafe', rule]),
    ...run.faults.flatMap((fault) => ['--fault', faultText(fault)]),
  ];
}

/** The options that ask for devices. */
function deviceArguments(options: ChaosOptions): string[] {
  const { drive = [], netdev = [], object = [], chardev = [], device = [], diskSize } = options;
  const all = Object.entries({ drive, netdev, object, chardev, device });
  return [
    ...all.flatMap(([name, given]) => given.flatMap(({ text }) => [`--${name}`, text])),
    ...(diskSize === undefined ? [] : ['--disk-size', sizeText(diskSize)]),
  ];
}

/** A size as `--memory` reads it. */
const sizeText = (sizeBytes: number): string =>
  sizeBytes > 0 && sizeBytes % 2 ** 20 === 0
    ? `${sizeBytes / 2 ** 20}M`
    : `${sizeBytes / 1024}K`.replace(/^0K$/, '0');

/** A command line that a shell takes apart into these arguments. */
export const shellText = (args: readonly string[]): string =>
  ['vmft', ...args]
    .map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
    .join(' ');
