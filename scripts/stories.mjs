// Writes the transcript of each story whose expectations hold to test/stories: `npm run stories`. Review the diff.
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = `${root}stories`;

for (const file of readdirSync(directory).sort()) {
  if (!file.endsWith('.story')) continue;
  const name = file.slice(0, -'.story'.length);
  const { stdout, stderr, status } = spawnSync('node', ['bin/vmft.js', 'story', name], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) {
    writeFileSync(`${root}test/stories/${name}.txt`, stdout);
    continue;
  }
  const failed = stdout.split('\n').filter((line) => line.includes('✗'));
  console.error([`${name}: not as expected`, ...failed, stderr].join('\n'));
  process.exitCode = 1;
}
