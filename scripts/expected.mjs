// Writes the output of each guest program under seed 1 to programs/expected: `npm run expected`. Review the diff.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const programs = {
  hello: ['programs/hello.s'],
  primes: ['programs/primes.s'],
  clock: ['programs/clock.s'],
  dice: ['programs/dice.s'],
  uuid: ['programs/uuid.s'],
  bank: ['programs/bank.s', '--input', 'programs/bank.input'],
  kv: ['programs/kv/kv.elf', '--clients', '3'],
  journal: ['programs/journal.s'],
  sectors: ['programs/sectors.s'],
  race: ['programs/race.s'],
};

for (const [name, args] of Object.entries(programs)) {
  const output = execFileSync('node', ['bin/vmft.js', 'run', ...args, '--quiet'], { cwd: root, input: '' });
  writeFileSync(`${root}programs/expected/${name}.txt`, output);
}
