import { inFile } from '../mutation.ts';

export const edge = [
  ...inFile('cluster/edge/generations.ts', {
    'edge-fence-one-older': ['generation >= this.newest', 'generation + 1 >= this.newest'],
    'edge-tas-overwrites': [
      `    if (standing) return standing;
`,
      `    if (standing) { this.records[generation - 1] = record; return record; }
`,
    ],
    'edge-tas-says-yes': [
      `    if (standing) return standing;
`,
      `    if (standing) return record;
`,
    ],
    'edge-read-latest': [
      `    return this.records[generation - 1];
`,
      `    return generation <= this.records.length ? this.records.at(-1) : undefined;
`,
    ],
  }),
  ...inFile('cluster/edge/disk-ledger.ts', {
    'edge-disk-no-low-water': ['this.done.has(id) || id < this.lowWater', 'this.done.has(id)'],
    'edge-disk-no-done': ['this.done.has(id) || id < this.lowWater', 'id < this.lowWater'],
    'edge-disk-forget-more': [
      'if (id < lowWater) this.done.delete(id)',
      'if (id <= lowWater + 8) this.done.delete(id)',
    ],
  }),
  ...inFile('sim/world/disk.ts', {
    'edge-disk-joiners-lost': [
      `        others.push(answer);
`,
      '',
    ],
    'edge-disk-torn': [
      `    this.content.set(request.data, at);
`,
      `    this.content.set(request.data.subarray(0, 512), at);
`,
    ],
    'edge-disk-short-write': [
      '    this.content.set(request.data, at);',
      '    this.content.set(request.data.subarray(0, request.data.length - 1), at);',
    ],
    'edge-disk-lost-while-failing': [
      `      this.ledger.failed(id);
      return { status: DISK_IOERR, data: NOTHING };`,
      `      this.ledger.failed(id);
      return { status: DISK_OK, data: NOTHING };`,
    ],
  }),
  ...inFile('cluster/edge/fence.ts', {
    'edge-switch-fence-static': [
      `    this.newest = generation;
`,
      '',
    ],
  }),
  ...inFile('sim/world/world.ts', {
    'edge-release-unfenced': [
      `          if (!fence.admits(generation)) return;
          for`,
      `          fence.admits(generation);
          for`,
    ],
    'edge-announce-unfenced': [
      'if (fence.admits(generation)) network.announced(port(received), nextFrame);',
      'fence.admits(generation); network.announced(port(received), nextFrame);',
    ],
    'edge-listen-unfenced': [
      `          if (!fence.admits(generation)) return;
          console.listen`,
      `          fence.admits(generation);
          console.listen`,
    ],
  }),
  ...inFile('cluster/perform.ts', {
    'edge-delivered-first': ['number: lastOf(output),', 'number: output.first,'],
    'edge-delivered-other': ["output.kind === 'console' ? 'console' : 'switch'", "'console'"],
  }),
  ...inFile('cluster/edge/seen-numbers.ts', {
    'edge-console-dup': ['after(this.last, output)', 'after(this.last - 1, output)'],
    'edge-seen-too-much': ['after(this.last, output)', 'after(this.last + 1, output)'],
  }),
  ...inFile('cluster/edge/kept-frames.ts', {
    'edge-frames-held-minus1': ['number > upTo', 'number >= upTo'],
    'edge-frames-held-all': ['count < 0 ? this.kept.length : count', 'this.kept.length'],
    'edge-frames-from-plus1': ['number >= next', 'number > next'],
    'edge-frames-unbounded': ['this.kept.length >= MAX_FRAMES || ', ''],
    'edge-frames-bytes-leak': ['this.keptBytes -= frame.length', 'this.keptBytes -= 0'],
    'edge-frames-restart': ['this.last -= gap;', ''],
    'edge-frames-no-renumber': ['for (const frame of again) frame.number -= gap;', ''],
  }),
  ...inFile('sim/world/network.ts', {
    'edge-announce-no-frames': [
      'for (const { number, frame } of this.kept.from(nextFrame)) port(number, frame);',
      '',
    ],
    'edge-switch-dup-last': ['if (!this.seen.fresh(output)) return false;', 'this.seen.fresh(output);'],
    'edge-switch-no-learn': [
      `    this.learn(port);
    if`,
      '    if',
    ],
  }),
  ...inFile('sim/world/console.ts', {
    'edge-console-listen-late': [
      `    if (offset < this.typed) listener(offset, this.input.subarray(offset, this.typed));
`,
      '',
    ],
  }),
  ...inFile('sim/world/link.ts', {
    'edge-link-heal-lost': [
      'for (const { send } of this.waiting.splice(0)) send();',
      'for (const { send } of this.waiting.splice(0).slice(1)) send();',
    ],
    'edge-link-reorder': ['Math.max(this.lastArrivalNs, this.arrival(sizeBytes))', 'this.arrival(sizeBytes)'],
    'edge-link-dup-stream': [
      `    this.carry(arrivalNs, true, deliver, onLoss);
`,
      `    this.carry(arrivalNs, true, deliver, onLoss);
    this.carry(arrivalNs, true, deliver, onLoss);
`,
    ],
  }),
];
