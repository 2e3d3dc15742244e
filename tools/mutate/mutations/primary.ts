import { inFile } from '../mutation.ts';

export const primary = [
  ...inFile('ft/primary.ts', {
    'primary-awaited-not-joining': [
      'if (this.epoch || options.backups === 0 || operator.isSwitching || protection.phase.joining) return true;',
      'if (this.epoch || options.backups === 0 || operator.isSwitching) return true;',
    ],
    'primary-awaited-no-lag': [
      'return gate.size > 0 || disk.open.length > 0 || !this.channels.lag.isFree;',
      'return gate.size > 0 || disk.open.length > 0;',
    ],
    'primary-inputs-not-claimed': [
      'Math.max(this.releasedEntry, this.edge.release(this.channels.acknowledged))',
      'Math.max(this.releasedEntry, 0 * this.edge.release(this.channels.acknowledged))',
    ],
    'primary-live-no-attach': [
      `    this.edge.attach();
    if (replica.isOff('reissue-io'))`,
      `    if (replica.isOff('reissue-io'))`,
    ],
    'primary-live-disk-no-restart': [
      `    replica.disk.restart(log.last);
`,
      '',
    ],
    'primary-arm-no-suspect': [
      `    replica.timer('suspect', replica.nowNs + tuning.suspectNs);
`,
      '',
    ],
    'primary-arm-no-retry': [
      `    replica.timer('retry', replica.nowNs + tuning.retryNs);
`,
      '',
    ],
    'primary-retry-no-rearm': [
      "        return replica.timer('retry', replica.nowNs + retryNs);",
      '        return;',
    ],
    'primary-suspect-no-rearm': [
      `    replica.timer('suspect', replica.nowNs + heartbeatNs);
`,
      `    void heartbeatNs;
`,
    ],
    'primary-members-keep-channels': [
      'if (!record.backups.includes(host) && !this.protection.isJoining(host)) this.channels.delete(host);',
      'void host;',
    ],
    'primary-starts-off1': [
      'replica.starts = [...replica.starts, { generation, first: log.last + 1 }];',
      'replica.starts = [...replica.starts, { generation, first: log.last + 2 }];',
    ],
    'primary-disk-double-answer': [
      "!operation || operation.answer || operation.doneEntry !== undefined || status === 'refused'",
      "!operation || operation.doneEntry !== undefined || status === 'refused'",
    ],
    'primary-copies-to-named': ['else if (!isNamed) this.protection', 'else this.protection'],
    'primary-resume-while-copying': [
      "if (!channel || channel.state === 'copying') return;",
      'if (!channel) return;',
    ],
    'primary-released-entry-zero': [
      'this.releasedEntry = Math.max(this.releasedEntry, Math.min(held, this.coveringEntry));',
      'this.releasedEntry = Math.max(this.releasedEntry, 0);',
    ],
    'primary-leaveout-claiming': [
      `    if (claim) return;
    this.claim({ primary: name`,
      `    void claim;
    this.claim({ primary: name`,
    ],
    'primary-world-reset-no-attach': [
      `    this.replica.gate.resend();
    this.edge.attach();`,
      '    this.replica.gate.resend();',
    ],
    'primary-may-go-on': ["options.disk === 'shared' || isNamed", 'true'],
  }),
  ...inFile('ft/edge-inputs.ts', {
    'primary-typed-gap': [
      `    if (offset > this.consoleOffset) return;
`,
      '',
    ],
    'primary-frames-after-gap': ['number !== this.nextFrame', 'number < this.nextFrame'],
    'primary-next-frame-from-one': ['this.nextFrame = replica.frames + 1;', 'this.nextFrame = 1;'],
    'primary-typed-again': ['data.subarray(Math.max(0, this.consoleOffset - offset))', 'data'],
    'primary-attach-no-listen': [
      `    replica.effects.push({ do: 'listen', offset: this.consoleOffset, generation });
`,
      '',
    ],
  }),
  ...inFile('ft/pacing.ts', {
    'pacing-check-untimed': [
      'icount >= this.next.icount && nowNs >= this.next.ns',
      'icount >= this.next.icount',
    ],
    'pacing-progress-untimed': [
      'if (progressNs > 0) return replica.nowNs - last.ns >= progressNs;',
      'if (progressNs > 0) return true;',
    ],
  }),
  ...inFile('ft/channel.ts', {
    'channel-held-resumed': [
      '    this.received = received;\n',
      '    this.received = received;\n    this.held = received;\n',
    ],
  }),
  ...inFile('ft/channels.ts', {
    'primary-required-no-claim': ['...(claim?.record.backups ?? []), ', ''],
    'primary-required-claim-only': [
      '...record.backups, ...(claim?.record.backups ?? []), ',
      '...(claim?.record.backups ?? record.backups), ',
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
    'primary-low-water-last': ['lowWater: Math.min(log.last, this.past),', 'lowWater: log.last,'],
    'primary-delivered-made': [
      'delivered: gate.deliveredUpTo(replica.vmm.machine.outputsMade),',
      'delivered: replica.vmm.machine.outputsMade,',
    ],
    'primary-delivered-made2': [
      'delivered: gate.deliveredUpTo(replica.vmm.machine.outputsMade),',
      'delivered: Math.max(0, gate.deliveredUpTo(replica.vmm.machine.outputsMade)) + 40,',
    ],
    'primary-past-held': [
      "return this.replica.options.disk === 'shared' ? this.held : this.consumed;",
      'return this.held;',
    ],
    'primary-held-max': [
      'for (const { held = 0 } of this.required()) least',
      'for (const { held = 0 } of this.required().slice(0, 1)) least',
    ],
    'primary-held-sent': [
      'for (const { held = 0 } of this.required()) least',
      'for (const { sent: held } of this.required()) least',
    ],
    'primary-forget-first-follower': [
      'log.forget(this.consumed, ',
      'log.forget(Math.min(log.last, ...this.followers.slice(1).map(({ consumed }) => consumed)), ',
    ],
    'primary-forget-followers-only': [
      'log.forget(this.consumed, ',
      'log.forget(Math.min(log.last, ...this.followers.map(({ consumed }) => consumed)), ',
    ],
  }),
  ...inFile('ft/operator.ts', {
    'operator-off-no-gate': [
      'if (replica.stopped || replica.gate.size > 0) return;',
      'if (replica.stopped) return;',
    ],
    'operator-off-no-disk': [
      `    if (replica.disk.open.some(({ request, answer }) => request.operation === 'write' && !answer)) return;
`,
      '',
    ],
    'operator-off-not-held': [
      "if (primary.channels.held >= this.endEntry) replica.stop('completed');",
      "replica.stop('completed');",
    ],
    'operator-handover-no-gate': [
      'if (replica.gate.size > 0 || replica.disk.open.length > 0) return;',
      'if (replica.disk.open.length > 0) return;',
    ],
    'operator-handover-no-disk': [
      'if (replica.gate.size > 0 || replica.disk.open.length > 0) return;',
      'if (replica.gate.size > 0) return;',
    ],
    'operator-handover-claiming': [
      'if (switching.handed || !this.primary.idle || replica.claim) return;',
      'if (switching.handed || !this.primary.idle) return;',
    ],
    'operator-handover-running': [
      'if (switching.handed || !this.primary.idle || replica.claim) return;',
      'if (switching.handed || replica.claim) return;',
    ],
    'operator-members-handed': [
      'goesOn ? { to, handed: false } : undefined',
      'goesOn ? { to, handed: this.switching?.handed ?? false } : undefined',
    ],
  }),
  ...inFile('ft/edge-inputs.ts', {
    'primary-live-no-announce': [
      `      replica.effects.push({
        do: 'announce',
        frame: announcement(mac),
        nextFrame: this.nextFrame,
        generation,
      });`,
      '      void announcement(mac);',
    ],
  }),
  ...inFile('ft/state.ts', {
    'state-after-output-plus1': [
      'const output = vmm.machine.outputsMade + 1;',
      'const output = vmm.machine.outputsMade + 2;',
    ],
  }),
];
