import { inFile } from '../mutation.ts';

export const checkers = [
  ...inFile('check/checkers.ts', {
    'edge-rule-checker-off1': ['member === host || known >= last', 'member === host || known + 1 >= last'],
  }),
  ...inFile('check/checkers.ts', {
    'rule-ignores-checkpoints': [
      "entry.kind === 'checkpoint' && entry.outputs.length > 0",
      "entry.kind === 'checkpoint' && entry.outputs.length > 1e9",
    ],
    'rule-sent-counts': [
      'this.covered.set(host, Math.max(this.covered.get(host) ?? 0, made));',
      'this.covered.set(host, made + 1);',
    ],
    'rule-skips-writes': [
      "if (effect.do === 'disk' && effect.request.operation !== 'write') return;",
      "if (effect.do === 'disk') return;",
    ],
    'rule-first-of-release': [
      "this.left(host, effect.do === 'disk' ? effect.id : lastOf(effect.outputs.at(-1)!));",
      "this.left(host, effect.do === 'disk' ? effect.id : effect.outputs[0]!.first);",
    ],
    'rule-first-backup-only': [
      'for (const member of [primary, ...backups]) {',
      'for (const member of [primary, ...backups.slice(0, 1)]) {',
    ],
    'rule-only-backups-of-one': [
      'for (const member of [primary, ...backups]) {',
      'for (const member of backups) {',
    ],
    'live-any-claimed': ['if (record?.primary === host) return;', 'if (record) return;'],
    'live-unclaimed': [
      'if (record?.primary === host) return;',
      'if (!record || record.primary === host) return;',
    ],
    'same-registers-only': [
      'if (!comparison || comparison.difference.equal) return [];',
      'if (!comparison || comparison.difference.registers.every(({ equal }) => equal)) return [];',
    ],
    'clients-errors-dropped': [
      "return [...found, { invariant: 'linearizable'",
      "return [{ invariant: 'linearizable'",
    ],
    'clients-undecided-is-wrong': [
      "if (offence === undefined || offence === 'undecided') return found;",
      "if (offence === undefined || offence === 'undecided') return [];",
    ],
  }),
  ...inFile('check/linearizability.ts', {
    'linear-first-key-only': [
      "undecided ||= verdict === 'undecided';",
      'undecided ||= verdict !== undefined;\n    break;',
    ],
    'linear-unanswered-never': [
      'if (answer === undefined) return [state, effect.state];',
      'if (answer === undefined) return [state];',
    ],
    'linear-unanswered-always': [
      'if (answer === undefined) return [state, effect.state];',
      'if (answer === undefined) return [effect.state];',
    ],
    'linear-order-free': ['if (calledNs > firstReturnNs) break;', 'if (calledNs > firstReturnNs * 2) break;'],
    'linear-overlap-is-order': [
      'if (calledNs > firstReturnNs) break;',
      'if (calledNs >= firstReturnNs - 1000) break;',
    ],
    'linear-any-answer': [
      'return answer === effect.answer ? [effect.state] : [];',
      'return answer.startsWith(effect.answer.slice(0, 2)) ? [effect.state] : [];',
    ],
    'linear-sums-never-fit': ['if (!isInt64(sum)) return', 'if (isInt64(sum)) return'],
    'linear-full-anytime': [
      "if (answer === FULL && operation.op !== 'GET' && state === NONE) return [state];",
      'if (answer === FULL) return [state];',
    ],
  }),
  ...inFile('check/verdict.ts', {
    'verdict-lost-is-fine': [
      'return unharmed.map((host) => ({',
      'return unharmed.slice(0, 0).map((host) => ({',
    ],
    'verdict-no-meeting': [
      'if (!meeting || sameHistory(meeting.a, meeting.b, meeting.icount)) return [];',
      'if (meeting || !meeting) return [];',
    ],
  }),
  ...inFile('sim/cluster/evidence.ts', {
    'verdict-limit-is-fine': [
      'run.machine.icount >= options.spec.maxSteps ? []',
      'run.machine.icount > 0 ? []',
    ],
    'verdict-first-failover': [
      'const failover = run.failovers.at(-1);',
      'const failover = run.failovers.at(0);',
    ],
    'verdict-disk-not-waited': ["...(machine.diskOpen ? ['a disk operation'] : []),", ''],
    'verdict-clients-not-waited': ["...(network.done ? [] : ['clients']),", ''],
    'verdict-end-not-waited': ["...(machine.power.off ? ['the end'] : []),", ''],
  }),
  ...inFile('sim/cluster/observer.ts', {
    'observer-lag-halved': ['this.worstLag.ns > LAG_LIMIT_NS', 'this.worstLag.ns > 100 * LAG_LIMIT_NS'],
    'observer-old-live': ['if (host.replica.generation < this.generation) return;', ''],
    'observer-following-explains-nothing': [
      'this.leaders.set(id, event.primary);\n        return this.outputRule.holds(id, host.replica.vmm!.machine.outputsMade);',
      'this.leaders.set(id, event.primary);\n        return;',
    ],
    'observer-members-unchecked': [
      "      case 'members':\n        this.wentLive(host);\n        return this.oneLive.live(id, event.generation);",
      "      case 'members':\n        return this.wentLive(host);",
    ],
    'observer-live-unchecked': [
      'this.liveAt.set(id, event.icount);\n        return this.oneLive.live(id, event.generation);',
      'this.liveAt.set(id, event.icount);\n        return;',
    ],
  }),
  ...inFile('check/covered.ts', {
    'outputs-console-unseen': ['this.console.append(data);', 'this.console.append(data.slice(1));'],
    'outputs-more-is-fine': ['    if (thereIsMore)\n', '    if (thereIsMore && same < 0)\n'],
    'outputs-lost-tail': ['if (complete && more > 0)', 'if (complete && more > 1)'],
    'outputs-lost-always': ['if (complete && more > 0)', 'if (more > 0)'],
    'outputs-frame-number': ['if (seen.number !== first)', 'if (seen.number < first)'],
    'outputs-frame-bytes': [
      'else if (!sameBytes(seen.frame, frame))',
      'else if (seen.frame.length !== frame.length)',
    ],
    'outputs-frames-more': ['    if (!done)\n', '    if (!done && complete)\n'],
    'outputs-frames-lost': [
      'if (complete && this.framesSeen < this.framesMade)',
      'if (complete && this.framesSeen + 1 < this.framesMade)',
    ],
    'input-more-is-fine': ['...(more > 0', '...(more > 4'],
    'input-frames-surplus': [
      'if (done) this.wrongFrame =',
      'if (!done && value.length === 0) this.wrongFrame =',
    ],
    'input-frames-not-compared': [
      'else if (!sameBytes(value, frame))',
      'else if (value.length !== frame.length)',
    ],
    'disk-reads-not-compared': [
      'else if (!sameBytes(this.expected.subarray(at, at + request.sizeBytes), data!))',
      'else if (data!.length !== request.sizeBytes)',
    ],
    'disk-writes-of-no-content': [
      'if (!own || own.sector !== sector || !sameBytes(own.data, data))',
      'if (!own || own.sector !== sector)',
    ],
    'disk-foreign-writes': [
      'if (!own || own.sector !== sector || !sameBytes(own.data, data))',
      'if (own && (own.sector !== sector || !sameBytes(own.data, data)))',
    ],
    'disk-writes-twice': ['      this.unapplied.delete(id);\n', ''],
    'disk-failed-writes-count': [
      'if (end.status === DISK_OK) this.takesEffect',
      'if (end.status >= DISK_OK) this.takesEffect',
    ],
    'disk-content-not-compared': [
      '        !undecided.has(at / SECTOR_BYTES) &&',
      '        undecided.size > 0 &&\n        !undecided.has(at / SECTOR_BYTES) &&',
    ],
    'disk-nothing-undecided': [
      "      if (!end && request.operation === 'write')",
      "      if (end && request.operation === 'write')",
    ],
    'disk-order-of-ends': ['      if (!end) break;\n', '      if (!end) continue;\n'],
  }),
  ...inFile('check/verdict.ts', {
    'verdict-no-service': [
      "return outcome === 'diverged' ? found : [...found, ...checkService(evidence)];",
      'return found;',
    ],
    'verdict-no-clients': [
      '...checkClients(clients.calls, clients.errors)];',
      '...checkClients(clients.calls, []).slice(0, 0)];',
    ],
    'verdict-no-input': ["if (entry.kind === 'console') input.given(entry);", ''],
    'verdict-no-disk-ends': ["if (entry.kind === 'disk') medium.ended(entry);", ''],
    'verdict-no-clock': ['      clock.shown(entry);\n', ''],
    'verdict-no-medium': ['    medium.made(output);\n', ''],
  }),
  ...inFile('check/guest-clock.ts', {
    'guest-clock-backwards': [
      'if (entry.ticks < this.last && this.violations.length === 0)',
      'if (entry.ticks + 1e9 < this.last && this.violations.length === 0)',
    ],
    'guest-clock-ahead': [
      'if (aheadNs > this.sliceNs + MESSAGE_NS && !this.derived)',
      'if (aheadNs > 1000 * this.sliceNs && !this.derived)',
    ],
    'guest-clock-behind': ['if (-aheadNs > allowedNs)', 'if (-aheadNs > allowedNs + 1e12)'],
    'guest-clock-all-forgiven': [
      '(this.allowedNs.get(from) ?? 0) + nowNs - sinceNs',
      '(this.allowedNs.get(from) ?? 0) + nowNs',
    ],
  }),
  ...inFile('sim/cluster/observer.ts', {
    'observer-installed-latest-life': [
      'const from = this.sources.get(fromTo(event.from, id));',
      'const from = this.histories.get(event.from);',
    ],
    'observer-installed-forgets': [
      'if (from) this.histories.set(id, from.fork(event.history));',
      'void from;',
    ],
  }),
];
