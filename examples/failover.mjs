// A bank loses the machine that it runs on, and its customers notice nothing.
//
//     node failover.mjs
import { judge, loadGuest, run } from 'vmft';

const bank = loadGuest('bank'); // a bundled program; its input is a day at the bank

const quiet = run(bank);
const crashed = run(bank, { faults: ['crash:primary@icount=100000'] });

console.log('What the world saw last:');
console.log(crashed.consoleText.trimEnd().split('\n').slice(-3).join('\n'));

console.log('\nWhat happened behind it:');
const turns = ['fault', 'suspected', 'won', 'live', 'installed', 'off'];
for (const { kind, atNs, host, text } of crashed.events)
  if (turns.includes(kind))
    console.log(`${(atNs / 1e6).toFixed(3).padStart(8)} ms  ${host.padEnd(7)}  ${text}`);

const [failover] = crashed.failovers;
console.log(
  `\n${failover.to} went on after ${failover.downMs.toFixed(1)} ms, at step ${failover.liveIcount}.`,
);

const lines = (run) => run.consoleText.split('\n').length - 1;
console.log(`Lines printed without the crash: ${lines(quiet)}; with it: ${lines(crashed)}.`);

// The checkers stand outside of the protocol: they replay the run on a fresh machine.
const violations = judge(crashed);
console.log(violations.length === 0 ? 'The checkers find nothing wrong.' : violations);
