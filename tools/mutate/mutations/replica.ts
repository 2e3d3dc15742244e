import { inFile } from '../mutation.ts';

export const replica = [
  ...inFile('ft/replica.ts', {
    'replica-adopt-complete-named': ['named && (counted || (now.inStep && sameLeader))', 'named'],
    'replica-adopt-not-complete': ['named && (counted || (now.inStep && sameLeader))', 'named && counted'],
    'replica-adopt-other-leader': ['if (!sameLeader || (counted && !named)) {', 'if (counted && !named) {'],
    'replica-adopt-left-out-instep': ['if (!sameLeader || (counted && !named)) {', 'if (!sameLeader) {'],
    'replica-adopt-lastheard': [
      `    now.lastHeardNs = side.nowNs;
    now.complete`,
      '    now.complete',
    ],
    'replica-catchup-skips': [
      '(message.generation === side.generation + 1 || !counts)',
      '(message.generation > side.generation || !counts)',
    ],
    'replica-answered-no-look': [
      `    this.look(generation + 1);
    if (side.hasVm`,
      '    if (side.hasVm',
    ],
    'replica-answered-no-resume': [
      `    if (side.hasVm && (wasPrimary || !this.backup.following)) this.backup.resume();
`,
      `    void wasPrimary;
`,
    ],
    'replica-drain-skips-last': [
      "if (side.replay.waiting > 0 && !side.is('drain')) return;",
      "if (side.replay.waiting > 1 && !side.is('drain')) return;",
    ],
    'replica-same-record-primary': [
      `  a.primary === b.primary &&
  a.backups.length === b.backups.length &&
  a.backups.every((host, index) => host === b.backups[index]);`,
      '  a.primary === b.primary;',
    ],
    'replica-suspect-while-claim': [
      'if (side.claim || side.generation === 0) return;',
      'if (side.claim?.won || side.generation === 0) return;',
    ],
    'replica-suspect-no-look': [
      `      if (backup.inStep) this.look(side.generation + 1);
`,
      '',
    ],
    'replica-outdated-no-tell': [
      `    if (kind === 'heartbeat' || kind === 'resume') this.primary?.tellGeneration(from);
`,
      `    void kind;
`,
    ],
    'replica-outdated-no-resume': [
      `    if (!primary && kind === 'entries' && from === side.record.primary && backup.following) backup.resume();
`,
      `    void primary, backup, side;
`,
    ],
    'replica-mayclaim-incomplete': ['return backup.complete && side.hasVm;', 'return named && side.hasVm;'],
    'replica-claim-with-dead': [
      'host !== name && !hosts.includes(host)',
      'host !== name && hosts.length >= 0',
    ],
    'replica-ask-no-rearm': [
      `    side.timer('claim', side.nowNs + side.options.tuning.retryNs);
`,
      '',
    ],
    'replica-stepdown-no-arm': [
      `    this.backup = new Backup(side);
    this.armBackup();
  }

  // ── Failure`,
      `    this.backup = new Backup(side);
  }

  // ── Failure`,
    ],
    'replica-older-accepted': [
      'if (message.generation < side.generation) return this.outdated(from, message);',
      'if (message.generation + 1 < side.generation) return this.outdated(from, message);',
    ],
    'replica-channel-reset-noop': [
      `peer === this.side.record.primary && this.backup.following)
      this.backup.resume();`,
      `peer === this.side.record.primary && this.backup.following)
      void 0;`,
    ],
    'replica-live-no-starts': [
      `    side.starts = [...side.starts, { generation: side.generation, first: side.log.last + 1 }];
    this.primary`,
      '    this.primary',
    ],
    'replica-look-while-claim': [
      'if (this.looking === generation || this.side.claim) return;',
      'if (this.looking === generation) return;',
    ],
    'replica-described-any': [
      'if (primary || from !== side.record.primary || generation !== side.generation) return;',
      'if (primary || generation !== side.generation) return;',
    ],
  }),
];
