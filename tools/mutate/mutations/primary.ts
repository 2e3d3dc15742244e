import { inFile } from '../mutation.ts';

export const primary = [
  ...inFile('ft/primary.ts', {
    'primary-live-no-attach': [
      `    this.attach();
    if (side.is('reissue-io'))`,
      `    if (side.is('reissue-io'))`,
    ],
    'primary-live-disk-no-restart': [
      `    side.disk.restart(log.last);
`,
      '',
    ],
    'primary-arm-no-suspect': [
      `    side.timer('suspect', side.nowNs + tuning.suspectNs);
`,
      '',
    ],
    'primary-arm-no-retry': [
      `    side.timer('retry', side.nowNs + tuning.retryNs);
`,
      '',
    ],
    'primary-retry-no-rearm': [
      "        return side.timer('retry', side.nowNs + retryNs);",
      '        return;',
    ],
    'primary-suspect-no-rearm': [
      `    side.timer('suspect', side.nowNs + heartbeatNs);
`,
      `    void heartbeatNs;
`,
    ],
    'primary-members-keep-channels': [
      'if (!record.backups.includes(host) && !this.protection.isJoining(host)) this.channels.delete(host);',
      'void host;',
    ],
    'primary-starts-off1': [
      'side.starts = [...side.starts, { generation, first: log.last + 1 }];',
      'side.starts = [...side.starts, { generation, first: log.last + 2 }];',
    ],
    'primary-disk-double-answer': [
      "!operation || operation.answer || operation.doneEntry !== undefined || status === 'refused'",
      "!operation || operation.doneEntry !== undefined || status === 'refused'",
    ],
    'primary-typed-gap': [
      `    if (offset > this.consoleOffset) return;
`,
      '',
    ],
    'primary-typed-again': ['data.subarray(Math.max(0, this.consoleOffset - offset))', 'data'],
    'primary-resume-while-copying': [
      "if (!channel || channel.state === 'copying') return;",
      'if (!channel) return;',
    ],
    'primary-released-entry-zero': [
      'this.releasedEntry = Math.max(this.releasedEntry, Math.min(held, this.nextExplained));',
      'this.releasedEntry = Math.max(this.releasedEntry, 0);',
    ],
    'primary-leaveout-claiming': [
      `    if (claim) return;
    this.claim({ primary: name`,
      `    void claim;
    this.claim({ primary: name`,
    ],
    'primary-attach-no-listen': [
      `    side.effects.push({ do: 'listen', offset: this.consoleOffset, generation });
`,
      '',
    ],
    'primary-world-reset-no-attach': [
      `    this.side.gate.resend();
    this.attach();`,
      '    this.side.gate.resend();',
    ],
    'primary-may-go-on': ["side.options.disk === 'shared' || side.record.backups.includes(from)", 'true'],
  }),
  ...inFile('ft/channel.ts', {
    'channel-held-resumed': [
      '    this.received = received;\n',
      '    this.received = received;\n    this.held = received;\n',
    ],
  }),
  ...inFile('ft/channels.ts', {
    'primary-required-no-claim': [
      `      ...(claim?.record.backups ?? []),
`,
      '',
    ],
    'primary-required-claim-only': [
      `      ...record.backups,
      ...(claim?.record.backups ?? []),`,
      '      ...(claim?.record.backups ?? record.backups),',
    ],
    'primary-common-end-off1': [
      '(starts[index + 1]?.first ?? Number.POSITIVE_INFINITY) - 1',
      '(starts[index + 1]?.first ?? Number.POSITIVE_INFINITY)',
    ],
    'primary-common-no-consumed': [
      'consumed <= common && common + 1 >= log.first',
      'common + 1 >= log.first',
    ],
    'primary-common-no-end': [
      'Math.min(received, end, log.last)',
      'Math.min(received, Math.max(end, log.last), log.last)',
    ],
    'primary-common-no-first': [
      'consumed <= common && common + 1 >= log.first ? common',
      'consumed <= common ? common',
    ],
    'primary-floor-last': ['floor: Math.min(log.last, this.past),', 'floor: log.last,'],
    'primary-settled-made': [
      'settled: gate.settled(side.vmm.machine.outputsMade),',
      'settled: side.vmm.machine.outputsMade,',
    ],
    'primary-settled-made2': [
      'settled: gate.settled(side.vmm.machine.outputsMade),',
      'settled: Math.max(0, gate.settled(side.vmm.machine.outputsMade)) + 40,',
    ],
    'primary-past-held': [
      "if (this.side.options.disk === 'shared') return this.held;",
      'if (this.side.options.disk !== undefined) return this.held;',
    ],
    'primary-held-max': [
      'return Math.min(Number.POSITIVE_INFINITY, ...this.required().map(({ held = 0 }) => held));',
      'return Math.min(Number.POSITIVE_INFINITY, ...this.required().slice(0, 1).map(({ held = 0 }) => held));',
    ],
    'primary-held-sent': [
      'return Math.min(Number.POSITIVE_INFINITY, ...this.required().map(({ held = 0 }) => held));',
      'return Math.min(Number.POSITIVE_INFINITY, ...this.required().map(({ sent }) => sent));',
    ],
    'primary-forget-first-follower': [
      'const consumed = Math.min(log.last, ...this.followers.map(({ consumed }) => consumed));',
      'const consumed = Math.min(log.last, ...this.followers.slice(1).map(({ consumed }) => consumed));',
    ],
  }),
  ...inFile('ft/operator.ts', {
    'operator-off-no-gate': ['if (side.stopped || side.gate.size > 0) return;', 'if (side.stopped) return;'],
    'operator-off-no-disk': [
      `    if (side.disk.open.some(({ request, answer }) => request.operation === 'write' && !answer)) return;
`,
      '',
    ],
    'operator-off-not-held': [
      "if (primary.channels.held >= this.endEntry) side.stop('completed');",
      "side.stop('completed');",
    ],
    'operator-handover-no-gate': [
      'if (side.gate.size > 0 || side.disk.open.length > 0) return;',
      'if (side.disk.open.length > 0) return;',
    ],
    'operator-handover-no-disk': [
      'if (side.gate.size > 0 || side.disk.open.length > 0) return;',
      'if (side.gate.size > 0) return;',
    ],
    'operator-handover-claiming': [
      'if (switching.handed || !this.primary.idle || side.claim) return;',
      'if (switching.handed || !this.primary.idle) return;',
    ],
    'operator-handover-running': [
      'if (switching.handed || !this.primary.idle || side.claim) return;',
      'if (switching.handed || side.claim) return;',
    ],
    'operator-members-handed': [
      'goesOn ? { to, handed: false } : undefined',
      'goesOn ? { to, handed: this.switching?.handed ?? false } : undefined',
    ],
  }),
  ...inFile('ft/primary.ts', {
    'primary-live-no-announce': [
      "      side.effects.push({ do: 'announce', frame: announcement(mac), generation });",
      '      void announcement(mac);',
    ],
  }),
];
