import { inFile } from '../mutation.ts';

export const edge = [
  ...inFile('sim/world/storage.ts', {
    'edge-fence-one-older': [
      'this.fencing && generation < this.generation',
      'this.fencing && generation + 1 < this.generation',
    ],
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
  ...inFile('sim/world/disk.ts', {
    'edge-disk-no-floor': ['this.done.has(id) || id < this.floor', 'this.done.has(id)'],
    'edge-disk-no-done': ['this.done.has(id) || id < this.floor', 'id < this.floor'],
    'edge-disk-joiners-lost': [
      `        others.push(answer);
`,
      '',
    ],
    'edge-disk-forget-more': [
      'if (id < floor) this.done.delete(id)',
      'if (id <= floor + 8) this.done.delete(id)',
    ],
    'edge-disk-torn': [
      `    this.content.set(request.data, at);
`,
      `    this.content.set(request.data.subarray(0, 512), at);
`,
    ],
  }),
  ...inFile('sim/cluster.ts', {
    'edge-switch-fence-static': [
      `    this.fence = generation;
`,
      '',
    ],
    'edge-release-unfenced': [
      `    if (this.fenced(generation)) return;
`,
      `    this.fenced(generation);
`,
    ],
    'edge-announce-unfenced': [
      'if (!this.fenced(effect.generation)) this.network.learn(this.portOf(id));',
      'this.fenced(effect.generation); this.network.learn(this.portOf(id));',
    ],
    'edge-listen-unfenced': [
      `          if (!this.fenced(effect.generation))
            this.console.listen`,
      `          if (!this.fenced(effect.generation) || true)
            this.console.listen`,
    ],
    'edge-delivered-first': [
      "host.deliver({ kind: 'delivered', edge, number: lastOf(output) })",
      "host.deliver({ kind: 'delivered', edge, number: output.first })",
    ],
    'edge-delivered-other': [
      "host.deliver({ kind: 'delivered', edge, number: lastOf(output) })",
      "host.deliver({ kind: 'delivered', edge: 'console', number: lastOf(output) })",
    ],
  }),
  ...inFile('sim/world/network.ts', {
    'edge-switch-dup-last': ['lastOf(output) <= this.lastSeen', 'lastOf(output) < this.lastSeen'],
    'edge-switch-no-learn': [
      `    this.learn(port);
    if`,
      '    if',
    ],
  }),
  ...inFile('sim/world/console.ts', {
    'edge-console-dup': [
      'this.dedup ? after(this.lastSeen, output) : output',
      'this.dedup ? after(this.lastSeen - 1, output) : output',
    ],
    'edge-console-listen-late': [
      `    if (offset < this.typed) listener(offset, this.input.subarray(offset, this.typed));
`,
      '',
    ],
  }),
  ...inFile('sim/world/link.ts', {
    'edge-link-heal-lost': [
      'for (const send of this.waiting.splice(0)) send();',
      'for (const send of this.waiting.splice(0).slice(1)) send();',
    ],
    'edge-link-reorder': ['Math.max(this.lastArrivalNs, this.arrival(sizeBytes))', 'this.arrival(sizeBytes)'],
    'edge-link-dup-stream': [
      `    this.carry(arrivalNs, true, deliver);
`,
      `    this.carry(arrivalNs, true, deliver);
    this.carry(arrivalNs, true, deliver);
`,
    ],
  }),
  ...inFile('sim/world/disk.ts', {
    'edge-disk-short-write': [
      '    this.content.set(request.data, at);',
      '    this.content.set(request.data.subarray(0, request.data.length - 1), at);',
    ],
    'edge-disk-lost-while-failing': [
      "if (this.failing || (this.full && request.operation === 'write'))\n      return { status: DISK_IOERR, data: NOTHING };",
      "if (this.failing || (this.full && request.operation === 'write'))\n      return { status: DISK_OK, data: NOTHING };",
    ],
  }),
];
