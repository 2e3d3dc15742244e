// Where QEMU puts virtio devices, by its monitor: writes test/goldens/placement.txt. Needs qemu-system-riscv64 7.2.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import seedrandom from 'seedrandom';

const LINES = 120;
const SINGLES = ['virtio-net-device', 'virtio-rng-device', 'virtio-serial-device'];

const random = seedrandom('placement');
const below = (/** @type {number} */ end) => Math.floor(random() * end);

/** Some devices, each of the kinds that come once at the most once; about half of them name a bus, which is not always there. */
function draw() {
  const drives = Array.from(
    { length: below(7) },
    (_, index) => `virtio-blk-device,drive=d${index},id=d${index}`,
  );
  const all = [...drives, ...SINGLES.filter(() => random() < 0.5)];
  const shuffled = all.map((device) => ({ device, at: random() })).sort((a, b) => a.at - b.at);
  const named = random();
  return shuffled.map(({ device }) =>
    random() < named ? `${device},bus=virtio-mmio-bus.${random() < 0.03 ? 8 : below(8)}` : device,
  );
}

/** @param {string[]} devices @param {string} disk */
function onQemu(devices, disk) {
  const drives = devices.flatMap((device) => /drive=(d\d)/.exec(device)?.[1] ?? []);
  // A pipe that is full when QEMU ends loses what was to come.
  const said = `${disk}.said`;
  const out = openSync(said, 'w');
  spawnSync(
    'qemu-system-riscv64',
    [
      ...['-M', 'virt', '-bios', 'none', '-display', 'none', '-serial', 'none', '-monitor', 'stdio', '-S'],
      ...drives.flatMap((id) => ['-drive', `file=${disk},if=none,format=raw,readonly=on,id=${id}`]),
      ...devices.flatMap((device) => ['-device', device]),
    ],
    { input: 'info qtree\nquit\n', stdio: ['pipe', out, out] },
  );
  closeSync(out);
  const text = readFileSync(said, 'utf8');
  const refused = /^.*qemu-system-riscv64: -device .*?: (.*)$/m.exec(text);
  if (refused) return `refused: ${refused[1]}`;
  const places = text.matchAll(
    /bus: virtio-mmio-bus\.(\d)\r?\n.*\r?\n\s+dev: (virtio-\w+-device), id "(.*)"/g,
  );
  const sorted = [...places].map(([, slot, driver, id]) => `${slot}=${id || driver}`).sort();
  return sorted.join(' ');
}

const directory = mkdtempSync(join(tmpdir(), 'vmft-placement-'));
try {
  const disk = join(directory, 'disk');
  writeFileSync(disk, '');
  truncateSync(disk, 65_536);
  const lines = Array.from({ length: LINES }, draw)
    .filter((devices) => devices.length > 0)
    .map((devices) => `${devices.join(' ')} -> ${onQemu(devices, disk)}`);
  writeFileSync(
    fileURLToPath(new URL('../placement.txt', import.meta.url)),
    [
      '# `--device` options, and in which virtio-mmio slots QEMU 7.2 puts the devices: test/goldens/make/placement.mjs.',
      ...lines,
      '',
    ].join('\n'),
  );
} finally {
  rmSync(directory, { recursive: true });
}
