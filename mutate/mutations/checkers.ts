import { inFile } from '../mutation.ts';

export const checkers = [
  ...inFile('sim/checkers/checkers.ts', {
    'edge-rule-checker-off1': ['member === host || known >= last', 'member === host || known + 1 >= last'],
  }),
  ...inFile('sim/checkers/checkers.ts', {
    'rule-ignores-checkpoints': [
      "entry.kind === 'checkpoint' && entry.outputs.length > 0",
      "entry.kind === 'checkpoint' && entry.outputs.length > 1e9",
    ],
    'rule-sent-counts': [
      'this.explained.set(host, Math.max(this.explained.get(host) ?? 0, made));',
      'this.explained.set(host, made + 1);',
    ],
    'rule-skips-writes': [
      "if (effect.do === 'disk' && effect.request.operation !== 'write') return;",
      "if (effect.do === 'disk') return;",
    ],
    'rule-first-of-release': [
      "const last = effect.do === 'disk' ? effect.id : lastOf(effect.outputs.at(-1)!);",
      "const last = effect.do === 'disk' ? effect.id : effect.outputs[0]!.first;",
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
    'outputs-any-byte': [
      'const wrong = seen.console.findIndex((byte, index) => byte !== expected[index]);',
      'const wrong = seen.console.findIndex((byte, index) => index > 0 && byte !== expected[index - 1] && byte !== expected[index]);',
    ],
    'outputs-too-many': [
      'const wrong = seen.console.findIndex((byte, index) => byte !== expected[index]);',
      'const wrong = seen.console.findIndex((byte, index) => index < expected.length && byte !== expected[index]);',
    ],
    'outputs-lost-tail': [
      'if (complete && seen.console.length < expected.length)',
      'if (complete && seen.console.length + 1 < expected.length)',
    ],
    'outputs-incomplete-too': [
      'if (complete && seen.frames.length < frames.length)',
      'if (seen.frames.length < frames.length)',
    ],
    'outputs-frame-number': ['if (own?.first !== number)', 'if (own === undefined)'],
    'outputs-frame-bytes': ['if (!sameBytes(own.frame, frame))', 'if (own.frame.length !== frame.length)'],
    'outputs-frames-lost': [
      'if (complete && seen.frames.length < frames.length)',
      'if (complete && seen.frames.length + 1 < frames.length)',
    ],
    'input-repeats': [
      'if (byte === typed[at++]) continue;',
      'if (byte === typed[at++] || typed.includes(byte)) continue;',
    ],
    'disk-reads-not-compared': [
      'if (!sameBytes(there, end.data!))',
      'if (there.length !== end.data!.length)',
    ],
    'disk-writes-twice': ['if (applied.has(id)) return fail', 'if (applied.has(id) && id < 0) return fail'],
    'disk-foreign-writes': [
      'if (!own || own.sector !== sector || !sameBytes(own.data, data))',
      'if (own && (own.sector !== sector || !sameBytes(own.data, data)))',
    ],
    'disk-content-open': ['!unsettled.has(at) &&', '!unsettled.has(at) && unsettled.size > 1e9 &&'],
    'disk-unsettled-first-only': [
      'for (let i = 0; i < request.data.length; i += SECTOR_BYTES) unsettled.add(at + i);',
      'unsettled.add(at);',
    ],
    'disk-failed-writes-count': [
      'if (end?.status === DISK_OK) expected.set(request.data, at);',
      'if (end) expected.set(request.data, at);',
    ],
    'disk-writes-of-no-content': [
      'if (!own || own.sector !== sector || !sameBytes(own.data, data))',
      'if (!own || own.sector !== sector)',
    ],
    'clients-complaints-dropped': [
      "return [...found, { invariant: 'linearizable'",
      "return [{ invariant: 'linearizable'",
    ],
    'clients-undecided-is-wrong': [
      "if (offence === undefined || offence === 'undecided') return found;",
      "if (offence === undefined || offence === 'undecided') return [];",
    ],
  }),
  ...inFile('sim/checkers/linearizability.ts', {
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
  ...inFile('sim/checkers/verdict.ts', {
    'verdict-no-input': ['...checkInput(history, run.console.input), ', ''],
    'verdict-no-service': [', ...checkService(run));', ');'],
    'verdict-incomplete': ["run.outcome === 'completed'));", "run.outcome === 'limit'));"],
    'verdict-no-disk': ['if (description.diskSectors > 0) {', 'if (description.diskSectors > 1e9) {'],
    'verdict-lost-is-fine': [
      "if (run.outcome === 'lost') return checkLoss(run);",
      "if (run.outcome === 'lost') return [];",
    ],
    'verdict-limit-is-fine': [
      'if (machine.icount >= options.maxSteps) return [];',
      'if (machine.icount > 0) return [];',
    ],
    'verdict-no-meeting': [
      'if (!meeting || sameHistory(meeting.a, meeting.b, meeting.icount)) return [];',
      'if (meeting || !meeting) return [];',
    ],
    'verdict-first-failover': [
      'const failover = run.failovers.at(-1);',
      'const failover = run.failovers.at(0);',
    ],
    'verdict-disk-not-waited': ["...(machine.diskOpen ? ['a disk operation'] : []),", ''],
    'verdict-clients-not-waited': ["...(network.done ? [] : ['clients']),", ''],
    'verdict-end-not-waited': ["...(machine.power.off ? ['the end'] : []),", ''],
  }),
  ...inFile('sim/observer.ts', {
    'observer-lag-halved': ['this.worstLag.ns > LAG_LIMIT_NS', 'this.worstLag.ns > 100 * LAG_LIMIT_NS'],
    'observer-old-live': ['if (host.replica.generation < this.generation) return;', ''],
    'observer-installed-forgets': [
      'if (from) this.histories.get(id)!.take(from, event.history);',
      'void from;',
    ],
    'observer-following-explains-nothing': [
      'this.leaders.set(id, event.primary);\n        return this.outputRule.holds(id, host.replica.vmm!.machine.outputsMade);',
      'this.leaders.set(id, event.primary);\n        return;',
    ],
    'observer-members-unchecked': [
      "      case 'members':\n        this.lives(host);\n        return this.oneLive.live(id, event.generation);",
      "      case 'members':\n        return this.lives(host);",
    ],
    'observer-live-unchecked': [
      'this.liveAt.set(id, event.icount);\n        return this.oneLive.live(id, event.generation);',
      'this.liveAt.set(id, event.icount);\n        return;',
    ],
  }),
];
