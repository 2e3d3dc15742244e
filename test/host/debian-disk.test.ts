/** Debian with an ext4 disk as a protected VM: what it has announced as written is on the disk, whatever fails. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { cluster, GROUP, type TestHost } from './cluster-rig.ts';
import { debianGuest } from './debian.ts';
import { real } from './real.ts';
import { until } from './wire-parts.ts';

const DISK_BYTES = 16 << 20;

/** The number of the last record that the guest has announced. */
const written = (shown: string): number =>
  Number([...shown.matchAll(/^written (\d+)\r?$/gm)].at(-1)?.[1] ?? 0);

/** The primary, whoever that is: on a busy machine one of these hosts may suspect another at any time. */
async function primaryOf(hosts: readonly TestHost[]): Promise<TestHost> {
  for (;;) for (const host of hosts) if ((await host.status()).role === 'primary') return host;
}

real(
  'ext4 has every record that was announced, after a failover and a reset',
  async () => {
    const { description } = await debianGuest('SERVICE=journal', DISK_BYTES);
    const { hosts, directory, terminal, shown } = await cluster(description, {
      disk: new Uint8Array(DISK_BYTES),
    });
    await until(() => written(shown()) >= 15);
    const failed = await primaryOf(hosts);
    await failed.crash();
    const rest = hosts.filter((host) => host !== failed);
    await primaryOf(rest);
    const first = written(shown());
    await until(() => written(shown()) >= first + 15);

    // A reset is a power failure to the guest: its file system repeats its journal.
    await (await primaryOf(rest)).ask({ kind: 'command', group: GROUP, command: { kind: 'reset' } });
    await until(() => shown().split('the journal has ').length > 2);
    const [before, after] = shown().split(/the journal has (?=[1-9])/) as [string, string];
    expect(Number.parseInt(after, 10)).toBeGreaterThanOrEqual(written(before));
    await until(() => written(shown()) >= Number.parseInt(after, 10) + 5);

    void terminal.type(new TextEncoder().encode('stop\n'));
    await until(() => hosts.some((host) => host.happened('off')));
    expect(shown()).toContain('fsck of /dev/vda ended with code 0');
    expect(shown()).toContain(`all ${written(shown())} announced records are there`);
    expect(shown()).not.toContain('WRONG');
    // The same by this machine's own tool.
    const check = await promisify(execFile)('fsck.ext4', ['-fn', join(directory, 'disks', `${GROUP}.disk`)]);
    expect(check.stdout).toContain('Pass 5');
  },
  900_000,
);
