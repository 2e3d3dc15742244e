import { inFile } from '../mutation.ts';

export const backup = [
  ...inFile('ft/backup.ts', {
    'backup-receive-after-won': ['!side.hasVm || this.ended || side.claim?.won', '!side.hasVm || this.ended'],
    'backup-receive-any-token': [
      'message.answers !== this.token || this.token === 0',
      'message.answers === 0',
    ],
    'backup-gap-off1': [
      'if (message.first > side.log.last + 1) return this.resume();',
      'if (message.first > side.log.last + 2) return this.resume();',
    ],
    'backup-ack-plus1': [
      `      received: side.log.last,
      consumed: this.consumed,
      icount`,
      `      received: side.log.last + 1,
      consumed: this.consumed,
      icount`,
    ],
    'backup-no-gate-forget': [
      `    side.gate.forget(message.settled);
`,
      '',
    ],
    'backup-no-disk-settle': [
      `    side.disk.settle(message.floor);
`,
      '',
    ],
    'backup-log-forget-floor': [
      'side.log.forget(Math.min(message.floor, this.consumed), side.options.tuning.retainBytes);',
      'side.log.forget(this.consumed, 0);',
    ],
    'backup-hear-anyone': [
      `    if (from !== side.record.primary) return;
    this.lastHeardNs`,
      '    this.lastHeardNs',
    ],
    'backup-install-no-starts': [
      `    side.starts = message.starts;
    side.log.startAfter`,
      '    side.log.startAfter',
    ],
    'backup-goon-no-truncate': [
      `      side.replay.retract(side.replay.waiting - surplus);
      side.log.truncate(first - 1);`,
      '      side.replay.retract(side.replay.waiting);',
    ],
    'backup-goon-retract-off1': [
      'side.replay.retract(side.replay.waiting - surplus);',
      'side.replay.retract(Math.min(side.replay.waiting, side.replay.waiting - surplus + 1));',
    ],
    'backup-goon-no-starts': [
      `    side.starts = this.offered ?? side.starts;
`,
      '',
    ],
    'backup-goon-no-gate-restart': [
      `    side.gate.restart(side.log.last);
    side.starts`,
      '    side.starts',
    ],
    'backup-control-old-gen': [
      `    if (this.consumed < side.starts.at(-1)!.first) return;
`,
      '',
    ],
    'backup-follow-complete': [
      'if (side.record.backups.includes(side.name)) this.complete = true;',
      'this.complete = true;',
    ],
    'backup-follow-never-complete': [
      `    if (side.record.backups.includes(side.name)) this.complete = true;
`,
      '',
    ],
    'backup-resume-log-gen': [
      'log: side.hasVm ? (side.starts.at(-1)?.generation ?? 0) : 0,',
      'log: side.hasVm ? side.generation : 0,',
    ],
    'backup-restore-no-history': [
      `    side.history = history;
    side.gate.hold(outputs`,
      '    side.gate.hold(outputs',
    ],
    'backup-wake-no-resume': [
      `      if (side.hasVm && !this.following && side.generation > 0) this.resume();
`,
      '',
    ],
    'backup-prepare-keeps-complete': [
      `        this.inStep = false;
        this.complete = false;
        this.copy`,
      `        this.inStep = false;
        this.copy`,
      'a member is not sent a copy: it is left out first, and then it does not count any more',
    ],
    'backup-prepare-keeps-instep': [
      `        this.inStep = false;
        this.complete = false;
        this.copy`,
      `        this.complete = false;
        this.copy`,
      'without a machine nothing follows from being in step, and with the copied one this side is',
    ],
    'backup-sbr-left-out-reads': [
      "if (disk === 'shared' || !(this.inStep || this.complete)) return;",
      "if (disk === 'shared') return;",
    ],
    'backup-sbr-unordered': [
      `      ordered: !side.is('disk-order'),
      others: false,`,
      `      ordered: false,
      others: false,`,
    ],
    'backup-describes-not-following': [
      `    if (this.following) this.side.starts = starts;
`,
      '',
    ],
    'backup-claim-generation': [
      'const generation = side.claim?.won ? side.claim.generation : side.generation;',
      'const generation = side.generation;',
    ],
  }),
  ...inFile('ft/backup.ts', {
    'backup-install-no-gate': [
      '    side.gate.hold(message.outputs.filter(isWorld), message.entry);\n    side.disk.start(message.outputs.filter(isDisk), message.entry);\n    side.note',
      '    side.disk.start(message.outputs.filter(isDisk), message.entry);\n    side.note',
    ],
    'backup-hears-no-clock': [
      "    if ('ticks' in message) side.clock.heard(message.ticks, side.nowNs);\n",
      '',
    ],
    'backup-wake-no-rearm': [
      "      if (side.hasVm && !this.following && side.generation > 0) this.resume();\n      side.timer('retry', side.nowNs + retryNs);",
      '      if (side.hasVm && !this.following && side.generation > 0) this.resume();',
    ],
    'backup-install-no-speed': ['    side.speed = message.speed;\n', ''],
    'backup-install-no-history': ['    side.history = message.history;\n    side.speed', '    side.speed'],
  }),
];
