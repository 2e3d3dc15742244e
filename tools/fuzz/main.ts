/**
 * The differential fuzzer: random programs on this machine's CPU and on QEMU's, compared by their final state, or
 * random accesses to their devices, compared one by one. Needs `qemu-system-riscv64` (7.2) on the PATH.
 *
 *     npm run fuzz -- --seed 1 --minutes 60
 *     npm run fuzz -- --devices --seed 1 --minutes 60
 *
 * Equal seeds give equal cases. A difference that no rule of explain.ts explains is shrunk and printed.
 */
import { constants } from 'node:os';
import { OperatingError } from '../../src/base/errors.ts';
import { exitOnBrokenPipe } from '../../src/cli/exit-on-broken-pipe.ts';
import { Campaign } from './campaign.ts';
import { Comparison } from './compare.ts';
import { DeviceCampaign } from './devices/campaign.ts';
import { Comparison as DeviceComparison } from './devices/compare.ts';
import { makeHarness as makeDeviceHarness } from './devices/harness.ts';
import { Ours as DeviceOurs } from './devices/ours.ts';
import { Qemu as DeviceQemu } from './devices/qemu.ts';
import { makeHarness } from './harness.ts';
import { type Options, readOptions } from './options.ts';
import { Ours } from './ours.ts';
import { checkQemu, Qemu } from './qemu.ts';

function cpuCampaign(options: Options) {
  const harness = makeHarness();
  const qemu = new Qemu(harness);
  return { qemu, campaign: new Campaign(new Comparison(harness, new Ours(harness), qemu), options) };
}

function deviceCampaign(options: Options) {
  const harness = makeDeviceHarness();
  const qemu = new DeviceQemu(harness);
  return {
    qemu,
    campaign: new DeviceCampaign(new DeviceComparison(new DeviceOurs(harness), qemu), options),
  };
}

async function fuzz(options: Options): Promise<void> {
  checkQemu();
  const { qemu, campaign } = options.devices ? deviceCampaign(options) : cpuCampaign(options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      console.log(`\nStopped. ${campaign.summary()}`);
      qemu.close();
      process.exit(128 + constants.signals[signal]);
    });
  try {
    await campaign.run();
    console.log(`\n${campaign.summary()}`);
    process.exitCode = campaign.findings > 0 ? 1 : 0;
  } finally {
    qemu.close();
  }
}

exitOnBrokenPipe();

try {
  const options = readOptions(process.argv.slice(2));
  if (options) await fuzz(options);
} catch (error) {
  if (!(error instanceof OperatingError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
