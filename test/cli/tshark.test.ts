/** What `vmft trace --pcap` writes, as tshark reads it. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { readPcapng } from '../debug/trace/pcapng-reader.ts';
import { real } from '../host/real.ts';
import { workplace } from './command.ts';

const { file, vmft, shell } = workplace();

real('tshark reads the same frames', async () => {
  await vmft(['run', 'kv', '-q', '--clients', '2', '--record', 'kv.log']);
  await vmft(['trace', 'kv.log', '--pcap', 'kv.pcapng']);
  const { frames } = readPcapng(new Uint8Array(readFileSync(file('kv.pcapng'))));
  const fields = ['frame.len', 'frame.packet_flags_direction', 'frame.time_epoch', '_ws.expert'];
  const { code, stdout } = await shell(
    `tshark -r kv.pcapng -T fields ${fields.map((name) => `-e ${name}`).join(' ')}`,
  );
  expect(code).toBe(0);
  const expected = frames.map(({ direction, frame, atTicks }) => {
    const seconds = `${atTicks / 10_000_000n}.${String(atTicks % 10_000_000n).padStart(7, '0')}00`;
    return [String(frame.length), direction === 'in' ? '0x00000001' : '0x00000002', seconds, ''].join('\t');
  });
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd()),
  ).toEqual(expected.map((line) => line.trimEnd()));
});
