/** `vmft diff`: saved machines at different positions, and names of addresses. */
import { expect, test } from 'vitest';
import { program, workplace } from './command.ts';

const { vmft } = workplace();
const kv = program('kv/kv.elf');

test('machines at different positions: the table says so first', async () => {
  const save = (icount: number) => [
    ...['run', program('bank.s'), '-q', '--crash', `primary@icount=${icount}`],
    ...['--save-states', `at-${icount}`],
  ];
  await Promise.all([vmft(save(100_000)), vmft(save(200_000))]);
  const files = ['at-200000/primary.vm', 'at-100000/primary.vm'];
  const { code, stdout } = await vmft(['diff', ...files]);
  expect(stdout).toMatch(
    /^at-100000\/primary\.vm is at icount 100000, and at-200000\/primary\.vm 100 000 steps later, at 200000: /,
  );
  expect(stdout).toContain('≠ icount');
  expect(code).toBe(1);
  const same = await vmft(['diff', files[0]!, files[0]!]);
  expect(same.stdout).toMatch(/^ +at-200000/);
  expect(same.code).toBe(0);
});

test('--symbols names what registers with addresses of code hold', async () => {
  await vmft(['run', kv, '--clients', '1', '-q', '--save-states', 'states']);
  const states = ['diff', 'states/primary.vm', 'states/backup.vm'];
  const { stdout } = await vmft([...states, '--symbols', kv, '--symbols', kv]);
  expect(stdout).toMatch(/\n {2}mtvec +[0-9a-f]{16} +[0-9a-f]{16} {2}trap_entry\n/);
  expect(stdout).toMatch(/\n {2}a0 +[0-9a-f]{16} +[0-9a-f]{16}\n/);
  const plain = await vmft(states);
  expect(plain.stdout).not.toContain('trap_entry');
});
