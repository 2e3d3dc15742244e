/** The cost of requests to a disk and of frames that come back, for one guest here and on QEMU. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/lib/package.ts';
import { parseDevice } from '../../src/vmm/guest/device-options.ts';
import { alone, whole } from './alone.ts';
import { file, has, inTurn, processTime, type Spread, spreadOf, withWord } from './measure.ts';
import { QEMU, qemuArgs } from './speed.ts';

const BLOCK_BYTES = 4096;
/** The size of the disk, as the guest has it. */
const DISK_BYTES = 4096 * BLOCK_BYTES;

/** What the guest's word `mode` says. */
export const work = {
  'disk: reads in order': 0,
  'disk: writes in order': 1,
  'disk: reads anywhere': 2,
  'disk: writes anywhere': 3,
  'frames sent, and back': 4,
} as const;
export type Work = keyof typeof work;
const isDisk = (what: Work): boolean => what.startsWith('disk');

/** How many requests are on their way at once. */
export const depths = [1, 16] as const;

/** A run with few and one with many requests: the difference is without what a start costs. */
const FEW = 10_000;
const MANY = 50_000;

/** Each block begins with its number. */
export function diskContent(): Uint8Array {
  const content = new Uint8Array(DISK_BYTES);
  const view = new DataView(content.buffer);
  for (let block = 0; block * BLOCK_BYTES < DISK_BYTES; block++)
    view.setBigUint64(block * BLOCK_BYTES, BigInt(block), true);
  return content;
}

/** A task for a process of its own: the guest in an environment of negligible cost. */
export function devicesTask(path: string, disk = diskContent()): { steps: number } {
  const description = describeMachine(path, {
    memory: 64 << 20,
    diskSize: DISK_BYTES,
    device: [parseDevice('virtio-net-device')],
  });
  const run = whole(alone(description, { disk }));
  return { steps: run.steps };
}

/** Writes the guest with its words. */
export function guest(what: Work, depth: number, rounds: number, folder: string): string {
  const content = readFileSync(join(packageRoot(), 'tools/bench/guests/devices.elf'));
  withWord(content, 'rounds', rounds);
  withWord(content, 'mode', work[what]);
  withWord(content, 'depth', depth);
  const path = join(folder, `devices-${work[what]}-${depth}-${rounds}.elf`);
  writeFileSync(path, content);
  return path;
}

/** Sends datagrams back to where they come from; says its port, and another free one. */
const ECHO = `
  const { createSocket } = require('node:dgram');
  const [echo, other] = [createSocket('udp4'), createSocket('udp4')];
  echo.on('message', (data, { port, address }) => echo.send(data, port, address));
  echo.bind(0, '127.0.0.1', () => other.bind(0, '127.0.0.1', () => {
    console.log(echo.address().port, other.address().port);
    other.close();
  }));
`;

/** Runs `action` with a process that sends frames back; the arguments connect a guest of QEMU with it. */
async function withEcho<T>(action: (args: string[]) => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, ['-e', ECHO], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const ports = await new Promise<string>((resolve) =>
      child.stdout.once('data', (said) => resolve(String(said))),
    );
    const [echo, own] = ports.trim().split(' ');
    return await action([
      ...['-netdev', `socket,id=n,udp=127.0.0.1:${echo},localaddr=127.0.0.1:${own}`],
      ...['-device', 'virtio-net-device,netdev=n'],
    ]);
  } finally {
    child.kill();
  }
}

/** Microseconds of processor time for a request, of all threads of the process. */
export interface RequestCost {
  /** In an environment of negligible cost. */
  alone: Spread;
  /** `vmft run --no-ft`: with the simulator's disk. */
  run?: Spread;
  qemu?: Spread;
}

export async function deviceCosts(
  times: number,
  folder: string,
  say: (what: string) => void,
): Promise<Record<string, RequestCost>> {
  const disk = join(folder, 'disk.img');
  writeFileSync(disk, diskContent());
  const drive = [
    '-drive',
    `file=${disk},if=none,format=raw,id=d,cache=unsafe`,
    '-device',
    'virtio-blk-device,drive=d',
  ];
  const all: Record<string, RequestCost> = {};
  await withEcho(async (net) => {
    for (const what of Object.keys(work) as Work[])
      for (const depth of depths) {
        const name = `${what}, ${depth} at once`;
        say(`devices: ${name}`);
        const [few, many] = [FEW, MANY].map((rounds) => guest(what, depth, rounds, folder)) as [
          string,
          string,
        ];
        const cost = (command: string, args: (path: string) => string[]) => () => {
          const [start, end] = [few, many].map((path) => processTime(command, args(path)).processor);
          return ((end! - start!) / (MANY - FEW)) * 1e6;
        };
        const bench = process.argv[1]!;
        const devices = isDisk(what) ? drive : net;
        const vmft = (path: string) => [file('bin/vmft.js'), 'run', path, '--no-ft', '--quiet', ...drive];
        const figures: Record<string, number[]> = inTurn<number>(times, {
          alone: cost(process.execPath, (path) => [bench, '--task', 'devices', path]),
          ...(isDisk(what) && { run: cost(process.execPath, vmft) }),
          ...(has(QEMU) && {
            qemu: cost(QEMU, (path) =>
              qemuArgs(path, ['-global', 'virtio-mmio.force-legacy=false', ...devices]),
            ),
          }),
        });
        all[name] = Object.fromEntries(
          Object.entries(figures).map(([which, values]) => [which, spreadOf(values)]),
        ) as unknown as RequestCost;
      }
  });
  return all;
}
