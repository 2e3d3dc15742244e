// Records a run, then goes to any instruction of it, forwards and backwards.
//
//     node time-travel.mjs
import { loadGuest, replay, run } from 'vmft';

const recorded = run(loadGuest('dice'), { backups: 0 }); // alone, without fault tolerance
const recording = recorded.recording();
console.log(`recorded ${recorded.steps} steps in ${recording.length} bytes`);

// The log has only the non-deterministic inputs: everything else is computed again.
const travel = replay(recording);
for (const entry of travel.entries()) {
  if (entry.icount > 300) break;
  if (entry.kind === 'entropy') console.log(`random bytes ${entry.data.join(' ')} at step ${entry.icount}`);
}

const show = () => {
  const { machine, icount } = travel;
  const registers = ['ra', 'sp', 'a0', 'a1'].map((name) => `${name} ${machine.register(name).toString(16)}`);
  console.log(`step ${icount}: ${machine.instruction().padEnd(24)} ${registers.join(', ')}`);
};

travel.seek(1000);
show();
travel.step(); // one instruction on
show();
travel.step(-2); // and back
show();

travel.run(); // to the end
console.log(`the same state as recorded: ${travel.machine.stateHash === recorded.machine.stateHash}`);
