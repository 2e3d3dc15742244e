import { inFile } from '../mutation.ts';

export const replica = [
  ...inFile('ft/replica.ts', {
    'replica-computed-while-claiming': [
      'const isAwaited = state.claim !== undefined || (primary ?? backup).isAwaited;',
      'const isAwaited = (primary ?? backup).isAwaited;',
    ],
    'replica-adopt-complete-named': ['named && (wasEligible || (now.inSync && samePrimary))', 'named'],
    'replica-adopt-not-complete': [
      'named && (wasEligible || (now.inSync && samePrimary))',
      'named && wasEligible',
    ],
    'replica-adopt-other-leader': [
      'if (!samePrimary || (wasEligible && !named)) {',
      'if (wasEligible && !named) {',
    ],
    'replica-adopt-evicted-in-sync': [
      'if (!samePrimary || (wasEligible && !named)) {',
      'if (!samePrimary) {',
    ],
    'replica-adopt-lastheard': [
      `    now.silence = awaitedSince(state.nowNs);
    now.eligible`,
      '    now.eligible',
    ],
    'replica-catchup-skips': [
      '(message.generation === state.generation + 1 || !canClaim)',
      '(message.generation > state.generation || !canClaim)',
    ],
    'replica-answered-no-look': [
      `    this.readGeneration(generation + 1);
    if (state.hasVm`,
      '    if (state.hasVm',
    ],
    'replica-answered-no-resume': [
      `    if (state.hasVm && (wasPrimary || !this.backup.following)) this.backup.resume();
`,
      `    void wasPrimary;
`,
    ],
    'replica-drain-skips-last': [
      "if (state.replay.waiting > 0 && !state.isOff('drain')) return;",
      "if (state.replay.waiting > 1 && !state.isOff('drain')) return;",
    ],
    'replica-same-record-primary': [
      `  a.primary === b.primary &&
  a.backups.length === b.backups.length &&
  a.backups.every((host, index) => host === b.backups[index]);`,
      '  a.primary === b.primary;',
    ],
    'replica-suspect-while-claim': [
      'if (state.claim || state.generation === 0) return;',
      'if (state.claim?.won || state.generation === 0) return;',
    ],
    'replica-suspect-no-look': [
      `      this.readGeneration(state.generation + 1);
      return backup.resume();`,
      '      return backup.resume();',
    ],
    'replica-suspect-no-resume': ['return backup.resume();', 'return;'],
    'replica-outdated-no-tell': [
      `    if (kind === 'heartbeat' || kind === 'resume') this.primary?.sendGeneration(from);
`,
      `    void kind;
`,
    ],
    'replica-outdated-no-resume': [
      `    if (!primary && kind === 'entries' && from === state.record.primary && backup.following) backup.resume();
`,
      `    void primary, backup, state;
`,
    ],
    'replica-mayclaim-incomplete': ['return backup.eligible && state.hasVm;', 'return named && state.hasVm;'],
    'replica-claim-with-dead': [
      'host !== name && !hosts.includes(host)',
      'host !== name && hosts.length >= 0',
    ],
    'replica-ask-no-rearm': [
      `    state.timer('claim', state.nowNs + state.options.tuning.retryNs);
`,
      '',
    ],
    'replica-stepdown-no-arm': [
      `    this.backup = new Backup(state);
    this.armBackup();
  }

  // ── Failure`,
      `    this.backup = new Backup(state);
  }

  // ── Failure`,
    ],
    'replica-older-accepted': [
      'if (message.generation < state.generation) return this.outdated(from, message);',
      'if (message.generation + 1 < state.generation) return this.outdated(from, message);',
    ],
    'replica-channel-reset-noop': [
      `peer === this.state.record.primary && this.backup.following)
      this.backup.resume();`,
      `peer === this.state.record.primary && this.backup.following)
      void 0;`,
    ],
    'replica-live-no-starts': [
      `    state.starts = [...state.starts, { generation: state.generation, first: state.log.last + 1 }];
    this.primary`,
      '    this.primary',
    ],
    'replica-look-while-claim': [
      'if (this.reading === generation || this.state.claim) return;',
      'if (this.reading === generation) return;',
    ],
    'replica-described-any': [
      'if (primary || from !== state.record.primary || generation !== state.generation) return;',
      'if (primary || generation !== state.generation) return;',
    ],
  }),
];
