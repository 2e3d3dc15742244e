import { inFile } from '../mutation.ts';

export const protection = [
  ...inFile('ft/protection.ts', {
    'protection-insync-minus1': ['held >= releasedEntry', 'held + 1 >= releasedEntry'],
    'protection-insync-unanswered': [
      '    if (held === undefined) return;\n    if (held >=',
      '    if ((held ?? 0) >=',
    ],
    'protection-insync-always': [
      'if (held >= releasedEntry) return',
      'if (held >= 0 || releasedEntry < 0) return',
    ],
    'protection-member-lost-vm': [
      `    if (generation === 0 && replica.record.backups.includes(host)) primary.evict([host]);
`,
      '',
    ],
    'protection-copy-lost-power': [
      `    if (generation === 0 && this.copy?.host === host) this.giveUp('it restarted empty');
`,
      '',
    ],
    'protection-no-patience': [
      `    if (replica.nowNs - this.progressNs > PATIENCE * suspectNs) this.giveUp('it makes no progress');
`,
      `    void suspectNs;
`,
    ],
    'protection-giveup-claimed': [
      `    if (replica.claim?.record.backups.includes(joining)) return;
`,
      '',
    ],
    'protection-state-no-gate': ['outputs: [...replica.gate.contents(), ...disks]', 'outputs: [...disks]'],
    'protection-state-no-disks': [
      'outputs: [...replica.gate.contents(), ...disks]',
      'outputs: [...replica.gate.contents(), ...disks.slice(1)]',
    ],
    'protection-no-end-epoch': [
      `    primary.endEpoch();
`,
      '',
    ],
    'protection-channel-reset-noop': [
      "if (this.copy?.host === host) this.giveUp('the channel broke');",
      'if (this.copy?.host === host) void host;',
    ],
    'protection-invited-once': [
      'else if (this.isJoining(host)) this.primary.sendGeneration(host);',
      'else void host;',
    ],
    'protection-never-awaited': ['this.closing ? this.joining : undefined', 'undefined'],
    'protection-disk-not-done': [
      `      if (this.diskCopy && !this.diskCopy.isDone) return;
`,
      '',
    ],
    'protection-written-noop': [
      `    this.diskCopy?.written(request);
`,
      `    void request;
`,
    ],
    'protection-offered-claiming': [
      'this.joining || replica.claim || !this.missing || replica.record.backups.includes(host)',
      'this.joining || !this.missing || replica.record.backups.includes(host)',
    ],
    'protection-state-speed': [
      `      speed: replica.speed,
`,
      `      speed: 1000,
`,
    ],
  }),
  ...inFile('ft/copy.ts', {
    'copy-no-hash': ['return this.machine.hash() === hash;', 'return hash >= 0n;'],
    'copy-round-unacked': ['this.queue.length > 0 || this.unacknowledged > 0', 'this.queue.length > 0'],
    'copy-no-clear-ram': ["execution, 'blank'", 'execution'],
  }),
  ...inFile('ft/disk-copy.ts', {
    'disk-copy-written-last': ['block <= blockOf(last)', 'block < blockOf(last)'],
    'disk-copy-read-fail': [
      `      this.left.add(block);
      return undefined;`,
      '      return undefined;',
    ],
    'disk-copy-busy': [
      'return this.left.size === 0 && this.busy.size === 0;',
      'return this.left.size === 0;',
    ],
  }),
];
