import { inFile } from '../mutation.ts';

export const logging = [
  ...inFile('ft/channel.ts', {
    'channel-stale-ack': [
      'ack.received < this.received || ack.received > this.sent',
      'ack.received > this.sent',
    ],
    'channel-ack-beyond-sent': [
      'ack.received < this.received || ack.received > this.sent',
      'ack.received < this.received',
    ],
    'channel-ack-plus1': [
      'this.received = ack.received;',
      'this.received = Math.min(this.sent, ack.received + 1);',
    ],
    'channel-ack-all-sent': ['this.received = ack.received;', 'this.received = this.sent;'],
    'channel-start-keeps-received': [
      `    this.received = received;
    this.consumed = consumed;`,
      `    this.received = Math.max(this.received, received);
    this.consumed = consumed;`,
    ],
    'channel-start-consumed': [
      `    this.consumed = consumed;
    this.consumedBytes = log.bytesUpTo(consumed);`,
      `    this.consumed = received;
    this.consumedBytes = log.bytesUpTo(received);`,
    ],
    'channel-unack-sent': [
      'log.bytesUpTo(this.received) : this.baseBytes',
      'log.bytesUpTo(this.sent) : this.baseBytes',
    ],
  }),
  ...inFile('ft/log-buffer.ts', {
    'log-exchange-never': ['if (!computing.has(entry.kind)) this.lastExchange = entry.icount;', ''],
    'log-forget-any': ['this.first + end - gone <= number && ', ''],
    'log-truncate-off1': [
      'this.kept.length = this.gone + number - this.forgotten;',
      'this.kept.length = Math.min(this.kept.length, this.gone + number - this.forgotten + 1);',
    ],
  }),
  ...inFile('ft/output-gate.ts', {
    'gate-open-plus1': ['held.entry <= entry && (', 'held.entry <= entry + 1 && ('],
    'gate-forget-partial': [
      'lastOf(held.output) <= number ? undefined',
      'held.output.first <= number ? undefined',
    ],
    'gate-delivered-off1': ['output.first - 1', 'output.first'],
    'gate-delivered-any-edge': ['edgeOf(output) === edge', 'edge !== undefined'],
    'gate-restart-keeps-released': [
      `      held.entry = Math.min(held.entry, entry);
      held.releasedNs = undefined;`,
      '      held.entry = Math.min(held.entry, entry);',
    ],
    'gate-restart-keeps-entry': [
      `      held.entry = Math.min(held.entry, entry);
`,
      '',
    ],
    'gate-no-resend': [
      `    for (const held of this.held) held.releasedNs = undefined;
  }

  clear`,
      `  }

  clear`,
    ],
    'gate-open-no-retry': [
      '(held.releasedNs === undefined || nowNs - held.releasedNs >= retryNs)',
      'held.releasedNs === undefined',
    ],
  }),
  ...inFile('ft/disk-queue.ts', {
    'disk-queue-write-plus1': ['entry > limits.held) return false', 'entry > limits.held + 1) return false'],
    'disk-queue-settle-plus1': ['doneEntry > past)', 'doneEntry > past + 1)'],
    'disk-queue-restart-keeps-answer': [
      `        answer: undefined,
        again: true,`,
      '        again: true,',
    ],
    'disk-queue-conflict-off1': [
      'a.sector < endOf(b) && b.sector < endOf(a)',
      'a.sector < endOf(b) && b.sector + 1 < endOf(a)',
    ],
    'disk-queue-ready-skips-first': ['.slice(0, index)', '.slice(1, Math.max(1, index))'],
    'disk-queue-low-water-last': [
      'this.operations[0]?.id ?? made + 1',
      'this.operations.at(-1)?.id ?? made + 1',
    ],
    'disk-queue-keep-noop': [
      'if (!ids.includes(operation.id)) operation.doneEntry = entry;',
      'if (ids.length < 0) operation.doneEntry = entry;',
    ],
    'disk-queue-others-ignored': [
      '(limits.others || earlier.doneEntry === undefined)',
      'earlier.doneEntry === undefined',
    ],
    'disk-queue-restart-noop': [
      `    for (const operation of this.open)
      Object.assign`,
      `    for (const operation of this.open.slice(1))
      Object.assign`,
    ],
  }),
  ...inFile('ft/guest-clock.ts', {
    'clock-start-zero': [
      `    this.latestTicks = ticks;
`,
      `    this.latestTicks = 0 * ticks;
`,
      'from then on the clock shows at least `ticks` without it: `latestTicks` only has to forget what another machine has read',
    ],
  }),
  ...inFile('ft/held-inputs.ts', {
    'inputs-held-plus1': ['this.waiting[0].entry <= entry', 'this.waiting[0].entry <= entry + 1'],
    'inputs-typed-as-frames': ['typed: this.taken.typed + typed', 'typed: this.taken.typed + frames'],
    'inputs-taken-zero': ['this.taken = taken;', 'this.taken = { frames: 0, typed: 0 };'],
  }),
  ...inFile('ft/lag.ts', {
    'lag-never-faster': [
      'lagNs < lagBoundNs / 2 && this.perMille < 1000',
      'lagNs < 0 && this.perMille < 1000',
    ],
  }),
  ...inFile('ft/epoch.ts', {
    'epoch-no-clear': [
      `    changed.clear();
`,
      '',
    ],
    'epoch-outputs-kept': ['this.outputs.splice(0)', 'this.outputs.slice(0)'],
    'epoch-open-none': [
      'replica.disk.open.map(({ id }) => id)',
      'replica.disk.open.slice(1).map(({ id }) => id)',
    ],
  }),
  ...inFile('ft/guest-clock.ts', {
    'clock-goes-back': [
      'this.latestTicks = Math.max(this.latestTicks, this.shownAt(this.time.nsAt(icount)));',
      'this.latestTicks = this.shownAt(this.time.nsAt(icount));',
    ],
    'clock-continues-behind': [
      'this.startAt(Math.max(ticks, this.shownAt(nowNs)), nowNs);',
      'this.startAt(ticks, nowNs);',
    ],
    'clock-continues-below-told': [
      'this.startAt(Math.max(ticks, this.shownAt(nowNs)), nowNs);',
      'this.startAt(this.shownAt(nowNs), nowNs);',
    ],
    'clock-hears-earlier': ['if (offset < this.offsetTicks - drift) return;', ''],
    'clock-no-drift': [
      'if (offset < this.offsetTicks - drift) return;',
      'if (offset < this.offsetTicks) return;',
    ],
    'clock-reads-now': ['this.shownAt(Math.max(nowNs, this.reachedNs))', 'this.shownAt(nowNs)'],
  }),
];
