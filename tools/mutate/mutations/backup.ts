import { inFile } from '../mutation.ts';

export const backup = [
  ...inFile('ft/backup.ts', {
    'backup-awaited-never': [
      'return !this.following || log.lastIcount - vmm.icount > 2 * options.tuning.progressSteps;',
      'return false;',
    ],
    'backup-receive-after-won': [
      '!replica.hasVm || this.ended || replica.claim?.won',
      '!replica.hasVm || this.ended',
    ],
    'backup-receive-any-token': [
      'message.answers !== this.token || this.token === 0',
      'message.answers === 0',
    ],
    'backup-gap-off1': [
      'if (message.first > replica.log.last + 1) return this.resume();',
      'if (message.first > replica.log.last + 2) return this.resume();',
    ],
    'backup-ack-plus1': [
      `      received: replica.log.last,
      consumed: this.consumed,
      icount`,
      `      received: replica.log.last + 1,
      consumed: this.consumed,
      icount`,
    ],
    'backup-no-gate-forget': [
      `    replica.gate.forget(message.delivered);
`,
      '',
    ],
    'backup-no-disk-settle': [
      `    replica.disk.discard(message.lowWater);
`,
      '',
    ],
    'backup-log-forget-low-water': [
      'replica.log.forget(Math.min(message.lowWater, this.consumed), replica.options.tuning.retainBytes);',
      'replica.log.forget(this.consumed, 0);',
    ],
    'backup-hear-anyone': [
      `    if (from !== replica.record.primary) return;
    this.silence`,
      '    this.silence',
    ],
    'backup-install-no-starts': [
      `    replica.starts = message.starts;
    replica.log.startAfter`,
      '    replica.log.startAfter',
    ],
    'backup-goon-no-truncate': [
      `      replica.replay.retract(replica.replay.waiting - surplus);
      replica.log.truncate(first - 1);`,
      '      replica.replay.retract(replica.replay.waiting);',
    ],
    'backup-goon-retract-off1': [
      'replica.replay.retract(replica.replay.waiting - surplus);',
      'replica.replay.retract(Math.min(replica.replay.waiting, replica.replay.waiting - surplus + 1));',
    ],
    'backup-goon-no-starts': [
      `    replica.starts = this.primaryStarts ?? replica.starts;
`,
      '',
    ],
    'backup-goon-no-gate-restart': [
      `    replica.gate.restart(replica.log.last);
    replica.starts`,
      '    replica.starts',
    ],
    'backup-control-old-gen': [
      `    if (this.consumed < replica.starts.at(-1)!.first) return;
`,
      '',
    ],
    'backup-follow-complete': [
      'if (replica.record.backups.includes(replica.name)) this.eligible = true;',
      'this.eligible = true;',
    ],
    'backup-follow-never-complete': [
      `    if (replica.record.backups.includes(replica.name)) this.eligible = true;
`,
      '',
    ],
    'backup-resume-log-gen': [
      'log: replica.hasVm ? (replica.starts.at(-1)?.generation ?? 0) : 0,',
      'log: replica.hasVm ? replica.generation : 0,',
    ],
    'backup-restore-no-history': [
      `    replica.history = history;
    replica.frames = frames;`,
      '    replica.frames = frames;',
    ],
    'backup-restore-no-frames': ['    replica.frames = frames;', ''],
    'backup-install-no-frames': ['    replica.frames = message.frames;', ''],
    'backup-wake-no-resume': [
      `      if (replica.hasVm && !this.following && replica.generation > 0) this.resume();
`,
      '',
    ],
    'backup-prepare-keeps-complete': [
      `    this.inSync = false;
    this.eligible = false;
    this.copy`,
      `    this.inSync = false;
    this.copy`,
      'a member is not sent a copy: it is evicted first, and then it does not count any more',
    ],
    'backup-prepare-keeps-instep': [
      `    this.inSync = false;
    this.eligible = false;
    this.copy`,
      `    this.eligible = false;
    this.copy`,
      'without a machine nothing follows from being in sync, and with the copied one this replica is',
    ],
    'backup-sbr-evicted-reads': [
      "if (disk === 'shared' || !(this.inSync || this.eligible)) return;",
      "if (disk === 'shared') return;",
    ],
    'backup-sbr-unordered': [
      `      ordered: !replica.isOff('disk-order'),
      others: false,`,
      `      ordered: false,
      others: false,`,
    ],
    'backup-describes-not-following': [
      `    if (this.following) this.replica.starts = starts;
`,
      '',
    ],
    'backup-claim-generation': [
      'const generation = replica.claim?.won ? replica.claim.generation : replica.generation;',
      'const generation = replica.generation;',
    ],
  }),
  ...inFile('ft/backup.ts', {
    'backup-install-no-gate': [
      '    replica.gate.hold(message.outputs.filter(isEdgeOutput), message.entry);\n    replica.disk.start(message.outputs.filter(isDiskOutput), message.entry);\n    replica.note',
      '    replica.disk.start(message.outputs.filter(isDiskOutput), message.entry);\n    replica.note',
    ],
    'backup-hears-no-clock': [
      "    if ('ticks' in message) replica.clock.heard(message.ticks, replica.nowNs);\n",
      '',
    ],
    'backup-wake-no-rearm': [
      "      if (replica.hasVm && !this.following && replica.generation > 0) this.resume();\n      replica.timer('retry', replica.nowNs + retryNs);",
      '      if (replica.hasVm && !this.following && replica.generation > 0) this.resume();',
    ],
    'backup-install-no-speed': ['    replica.speed = message.speed;\n', ''],
    'backup-install-no-history': ['    replica.history = message.history;\n', ''],
  }),
];
