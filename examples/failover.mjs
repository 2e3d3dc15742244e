// The primary of a bank crashes, and its customers notice nothing.
//
//     node failover.mjs
import { judge, loadGuest, run } from 'vmft';

const bank = loadGuest('bank'); // a bundled program; its input is a day at the bank

const undisturbed = run(bank);
const crashed = run(bank, { faults: ['crash:primary@icount=100000'] });

console.log('The last lines of the console:');
console.log(crashed.consoleText.trimEnd().split('\n').slice(-3).join('\n'));

console.log('\nThe failover:');
const kinds = ['fault', 'suspected', 'won', 'live', 'installed', 'off'];
for (const { kind, atNs, host, text } of crashed.events)
  if (kinds.includes(kind))
    console.log(`${(atNs / 1e6).toFixed(3).padStart(8)} ms  ${host.padEnd(7)}  ${text}`);

const [failover] = crashed.failovers;
console.log(
  `\n${failover.to} was live after ${failover.downMs.toFixed(1)} ms, at icount ${failover.liveIcount}.`,
);

const lines = (run) => run.consoleText.split('\n').length - 1;
console.log(`Lines printed without the crash: ${lines(undisturbed)}; with it: ${lines(crashed)}.`);

// The checkers are independent of the protocol: they replay the run on a fresh machine.
const violations = judge(crashed);
console.log(violations.length === 0 ? 'The checkers find no violation.' : violations);
