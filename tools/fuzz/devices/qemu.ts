/** Runs a batch of cases on QEMU, with this machine's devices in the same places. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RAM_BASE } from '../../../src/cpu/layout.ts';
import { QEMU } from '../qemu.ts';
import { TICK_MS, Watchdog } from '../watchdog.ts';
import { type Case, decodeResults, encodeCase, type Result } from './access.ts';
import { CASES, CLOCK_SHIFT, CURSOR, RAM_BYTES } from './harness.ts';
import { BOOT_EPOCH, DISK_SECTORS, MAC } from './ours.ts';

/** Features of QEMU's cards that this machine's don't have (docs/devices.md says why). */
const off = (...names: string[]): string => names.map((name) => `,${name}=off`).join('');
const netExtras = off(
  ...['csum', 'guest_csum', 'gso', 'guest_tso4', 'guest_tso6', 'guest_ecn', 'guest_ufo', 'guest_announce'],
  ...['host_tso4', 'host_tso6', 'host_ecn', 'host_ufo', 'mrg_rxbuf', 'ctrl_vq', 'ctrl_rx', 'ctrl_vlan'],
  ...['ctrl_rx_extra', 'ctrl_mac_addr', 'ctrl_guest_offloads', 'mq', 'queue_reset'],
);
const blkExtras = off('config-wce', 'discard', 'write-zeroes', 'queue_reset');

const devices = [
  ...['-device', `virtio-net-device,bus=virtio-mmio-bus.0,mac=${MAC}${netExtras}`],
  ...[
    '-object',
    'rng-builtin,id=rng',
    '-device',
    `virtio-rng-device,rng=rng,bus=virtio-mmio-bus.1${off('queue_reset')}`,
  ],
  ...['-blockdev', `driver=null-co,node-name=disk,size=${DISK_SECTORS * 512},read-zeroes=on`],
  ...['-device', `virtio-blk-device,drive=disk,bus=virtio-mmio-bus.2,num-queues=1${blkExtras}`],
  ...[
    '-chardev',
    'null,id=printed',
    '-device',
    `virtio-serial-device,max_ports=1,bus=virtio-mmio-bus.3${off('queue_reset')}`,
  ],
  ...['-device', 'virtconsole,chardev=printed'],
];

export class Qemu {
  private readonly directory = mkdtempSync(
    join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'vmft-fuzz-'),
  );
  private kill = () => {};

  constructor(private readonly harness: Uint8Array) {}

  close(): void {
    this.kill();
    rmSync(this.directory, { recursive: true });
  }

  /** The results of the cases in order, up to the first that does not terminate. */
  async run(cases: readonly Case[]): Promise<Result[][]> {
    const path = join(this.directory, 'ram');
    const file = openSync(path, 'w+');
    ftruncateSync(file, RAM_BYTES);
    const put = (address: number, bytes: Uint8Array) =>
      writeSync(file, bytes, 0, bytes.length, address - RAM_BASE);
    const get = (address: number, count: number) => {
      const words = new BigUint64Array(count);
      readSync(file, new Uint8Array(words.buffer), 0, 8 * count, address - RAM_BASE);
      return words;
    };
    const left = () => get(CURSOR + 8, 1)[0]!;
    put(RAM_BASE, this.harness);
    put(CURSOR, new Uint8Array(BigUint64Array.of(BigInt(CASES), BigInt(cases.length)).buffer));
    const ends: number[] = [];
    let at = CASES;
    for (const one of cases) {
      const words = encodeCase(one);
      put(at, new Uint8Array(words.buffer));
      at += words.byteLength;
      ends.push(at);
    }
    await this.execute(path, left);
    const done = cases.length - Number(left());
    const results = ends.slice(0, done).map((end, index) => {
      const start = ends[index - 1] ?? CASES;
      return decodeResults(get(start, (end - start) / 8));
    });
    closeSync(file);
    rmSync(path);
    return results;
  }

  /** Runs QEMU until it exits, or has finished no case for some time. */
  private execute(path: string, left: () => bigint): Promise<void> {
    const child = spawn(
      QEMU,
      [
        ...[
          '-machine',
          'virt,memory-backend=ram',
          '-m',
          `${RAM_BYTES >> 20}M`,
          '-icount',
          `shift=${CLOCK_SHIFT}`,
        ],
        ...['-object', `memory-backend-file,id=ram,size=${RAM_BYTES},mem-path=${path},share=on`],
        ...['-bios', 'none', '-display', 'none', '-monitor', 'none', '-serial', 'null'],
        ...['-rtc', `base=${BOOT_EPOCH},clock=vm`, '-global', 'virtio-mmio.force-legacy=false'],
        ...devices,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.kill = () => child.kill('SIGKILL');
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += text;
    });
    const watchdog = new Watchdog(child.pid ?? 0, left);
    const watch = setInterval(() => {
      if (watchdog.tick()) child.kill('SIGKILL');
    }, TICK_MS);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code) => {
        clearInterval(watch);
        if (code === 1) reject(new Error(`${QEMU}: ${errors}`));
        else resolve();
      });
    });
  }
}
