import { test } from 'vitest';
import { describeMachine, ownInput } from '/work/main/src/cli/program.ts';
import { Simulation } from '/work/main/src/sim/cluster.ts';
test('probe', () => {
  const P = '/work/main/programs/';
  for (const [file, clients, def] of [['bank.s',0,[]],['kv/kv.elf',3,[]],['primes.s',0,[['LIMIT',1000000n]]]] as any)
  for (const [backups, replication, epochMs] of [[0,'lockstep',0],[1,'lockstep',0],[1,'checkpoint',5],[1,'checkpoint',25],[1,'checkpoint',100]] as any) {
    const counts: Record<string, number> = {};
    let offNs = 0, minSpeed=1000;
    const t = Date.now();
    const s = new Simulation({ description: describeMachine(P+file,{memory:64<<20,diskSize:262144,defsym:def}), seed:'1', input: ownInput(P+file), clients, faults:[], backups, replication, unsafe:new Set(), maxSteps:1e9, tuning: epochMs?{epochNs:epochMs*1e6}:{}, print:()=>{}, tell:({event,atNs})=>{counts[event.kind]=(counts[event.kind]??0)+1; if(event.kind==='off') offNs=atNs; if (event.kind==='slowed') minSpeed=Math.min(minSpeed,event.perMille)} }).run();
    const t2 = Date.now();
    const v = s.violations();
    console.log(file, replication, backups, epochMs, s.outcome, s.machine.icount, 'off', offNs/1e6, 'end', s.nowNs/1e6, 'bytes', s.mesh.carriedBytes, 'full', counts.full, 'slowed', counts.slowed, minSpeed, 'lag', s.observer.worstLag, 'v', v.length, 'wall', t2-t, Date.now()-t2);
  }
}, 600000);
