// Runs every command that the documentation shows with its output, and reports shown lines that it does not print in
// this order: `npm run transcripts`. A command follows `$ vmft ` at the start of a block; `   ...` stands for omitted
// lines. Several run at a time, so none may need another's files. `--write` rewrites blocks that show the whole output; `--only TEXT` limits it to commands with this text,
// `--no-campaigns` leaves out those that take long.
//
// Also runs the campaigns (`vmft chaos …`) in tables that show the run of the violation and its shortest schedule.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    write: { type: 'boolean' },
    only: { type: 'string', default: '' },
    'no-campaigns': { type: 'boolean' },
  },
});
const BLOCK = /```text\n\$ vmft (.*)\n([^`]*)```/g;
const ROW = /^(\| \S+ \| `vmft (chaos .*)` \| )(\d+) \| (.*) \|$/gm;
const SCHEDULE = /VIOLATION, found in run (\d+)[^\n]*\n {2}(\d+) of \d+ faults?: ([^\n]*)/;
/** Ignores differences in spaces. */
const plain = (/** @type {string} */ line) => line.trim().replaceAll(/\s+/g, ' ');
const OMITTED = /^\s*(\.\.\.|…|⋮)\s*$/;

/**
 * What a command prints, on stdout and then on stderr.
 * @param {string} command @returns {Promise<string>}
 */
const printed = (command) =>
  new Promise((resolve) => {
    const words = command.replace(/ <\/dev\/null$/, '').split(' ');
    const env = { ...process.env, COLUMNS: '160', NO_COLOR: '1' };
    const options = { cwd: root, env, maxBuffer: 1 << 28 };
    const child = execFile(process.execPath, ['bin/vmft.js', ...words], options, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
    child.stdin?.end();
  });

/**
 * Runs commands, as many at a time as there are processors.
 * @param {readonly string[]} commands @returns {Promise<Map<string, string>>}
 */
async function printedBy(commands) {
  const outputs = new Map();
  const left = commands.values();
  const worker = async () => {
    for (const command of left) outputs.set(command, await printed(command));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return outputs;
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

const files = readdirSync(`${root}docs`)
  .filter((name) => name.endsWith('.md'))
  .sort()
  .map((name) => `docs/${name}`);
const texts = new Map([...files, 'README.md'].map((file) => [file, readFileSync(`${root}${file}`, 'utf8')]));
/** @param {string} text */
const isWanted = (text) =>
  text.includes(values.only) && !(values['no-campaigns'] && /^(chaos|compare) /.test(text));
const all = [...texts.values()].join('\n');
const commands = [
  ...[...all.matchAll(BLOCK)].map(([, command = '']) => command),
  ...[...all.matchAll(ROW)].map(([, , command = '']) => command),
].filter(isWanted);
const outputs = await printedBy([...new Set(commands)]);

let stale = 0;
for (const [file, before] of texts) {
  let text = before;
  for (const [block, command = '', shown = ''] of text.matchAll(BLOCK)) {
    const output = outputs.get(command);
    if (output === undefined) continue;
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
    const output = outputs.get(command);
    if (output === undefined) continue;
    const [, foundIn, faults, shortest] = SCHEDULE.exec(output) ?? [];
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
  if (values.write && text !== before) writeFileSync(`${root}${file}`, text);
}
console.log(`${commands.length} commands, ${stale} with other output than shown`);
if (stale > 0) process.exitCode = 1;
