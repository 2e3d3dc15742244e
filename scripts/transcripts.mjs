// Runs every command that the documentation shows with its output, and reports shown lines that it does not print in
// this order: `npm run transcripts`. A command follows `$ vmft ` at the start of a block; `   ...` stands for omitted
// lines. `--write` rewrites blocks that show the whole output; `--only TEXT` limits it to commands with this text.
//
// Also runs the campaigns (`vmft chaos …`) in tables that show the run of the violation and its shortest schedule.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { write: { type: 'boolean' }, only: { type: 'string', default: '' } },
});
const BLOCK = /```text\n\$ vmft (.*)\n([^`]*)```/g;
const ROW = /^(\| \S+ \| `vmft (chaos .*)` \| )(\d+) \| (.*) \|$/gm;
const SCHEDULE = /VIOLATION, found in run (\d+)[^\n]*\n {2}(\d+) of \d+ faults?: ([^\n]*)/;
/** Ignores differences in spaces. */
const plain = (/** @type {string} */ line) => line.trim().replaceAll(/\s+/g, ' ');
const OMITTED = /^\s*(\.\.\.|…|⋮)\s*$/;

/** @param {string} command */
function printed(command) {
  const words = command.replace(/ <\/dev\/null$/, '').split(' ');
  const { stdout, stderr } = spawnSync(process.execPath, ['bin/vmft.js', ...words], {
    cwd: root,
    encoding: 'utf8',
    input: '',
    env: { ...process.env, COLUMNS: '160', NO_COLOR: '1' },
  });
  return stdout + stderr;
}

/**
 * The first shown line that does not occur in the output after the previous one.
 * @param {string} shown @param {string} output
 */
function missing(shown, output) {
  const lines = output.split('\n').map(plain);
  let at = 0;
  for (const line of shown.trimEnd().split('\n')) {
    if (OMITTED.test(line) || line.trim() === '') continue;
    const found = lines.findIndex((one, index) => index >= at && one.includes(plain(line)));
    if (found < 0) return line;
    at = found + 1;
  }
  return undefined;
}

let stale = 0;
let count = 0;
for (const file of [
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
  'README.md',
]) {
  let text = readFileSync(`${root}${file}`, 'utf8');
  for (const [block, command = '', shown = ''] of text.matchAll(BLOCK)) {
    if (!command.includes(values.only)) continue;
    count++;
    const output = printed(command);
    const line = missing(shown, output);
    if (line === undefined) continue;
    if (values.write && !shown.split('\n').some((one) => OMITTED.test(one)))
      text = text.replace(block, () => `\`\`\`text\n$ vmft ${command}\n${output.trimEnd()}\n\`\`\``);
    else {
      stale++;
      console.log(`${file}: vmft ${command}\n  does not print: ${line}`);
    }
  }
  for (const [row, start, command = '', run, schedule = ''] of text.matchAll(ROW)) {
    if (!command.includes(values.only)) continue;
    count++;
    const [, foundIn, faults, shortest] = SCHEDULE.exec(printed(command)) ?? [];
    const same =
      run === foundIn &&
      (faults === '0' ? schedule.startsWith('none needed') : schedule === `\`${shortest}\``);
    if (same) continue;
    if (values.write && foundIn !== undefined)
      text = text.replace(
        row,
        () => `${start}${foundIn} | ${faults === '0' ? 'none needed' : `\`${shortest}\``} |`,
      );
    else {
      stale++;
      console.log(`${file}: vmft ${command}\n  finds in run ${foundIn}: ${shortest}`);
    }
  }
  if (values.write) writeFileSync(`${root}${file}`, text);
}
console.log(`${count} commands, ${stale} with other output than shown`);
if (stale > 0) process.exitCode = 1;
