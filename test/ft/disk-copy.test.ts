/** A disk is copied block by block while its owner writes to it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SECTOR_BYTES } from '../../src/devices/device.ts';
import { DiskCopySender } from '../../src/ft/disk-copy.ts';

const SECTORS = 200;

/** The guest writes, a pending read completes, or a block in flight arrives. */
const act = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    sector: fc.nat(SECTORS - 1),
    count: fc.integer({ min: 1, max: 130 }),
  }),
  fc.record({ kind: fc.constant('read' as const), which: fc.nat(), ok: fc.boolean() }),
  fc.record({ kind: fc.constant('arrive' as const), which: fc.nat() }),
);

test('both disks are equal at the end, whatever is written and whichever reads fail meanwhile', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(act, { maxLength: 60 }), (window, acts) => {
      let operations = 0;
      const copy = new DiskCopySender(SECTORS, window, () => -++operations);
      const [here, there] = [new Array<number>(SECTORS).fill(1), new Array<number>(SECTORS).fill(0)];
      let version = 1;
      /** Reads that this disk has not answered, and blocks in flight with their data. */
      const reads: { id: number; sector: number; count: number }[] = [];
      const sent: { sector: number; content: number[] }[] = [];
      const ask = () => {
        for (let next = copy.next(); next; next = copy.next()) {
          const { id, request } = next;
          if (request.operation !== 'read') throw new Error(`a copy asks for a ${request.operation}`);
          reads.push({ id, sector: request.sector, count: request.sizeBytes / SECTOR_BYTES });
        }
        expect(reads.length + sent.length).toBeLessThanOrEqual(window);
      };
      const read = (which: number, ok: boolean) => {
        const [one] = reads.splice(which % Math.max(1, reads.length), 1);
        if (!one) return;
        const sector = copy.read(one.id, ok);
        expect(sector).toBe(ok ? one.sector : undefined);
        if (ok) sent.push({ sector: one.sector, content: here.slice(one.sector, one.sector + one.count) });
      };
      const arrive = (which: number) => {
        const [one] = sent.splice(which % Math.max(1, sent.length), 1);
        if (!one) return;
        there.splice(one.sector, one.content.length, ...one.content);
        copy.acknowledged(one.sector);
      };
      ask();
      for (const one of acts) {
        if (one.kind === 'read') read(one.which, one.ok);
        else if (one.kind === 'arrive') arrive(one.which);
        else {
          const count = Math.min(one.count, SECTORS - one.sector);
          here.fill(++version, one.sector, one.sector + count);
          copy.written({
            operation: 'write',
            sector: one.sector,
            data: new Uint8Array(count * SECTOR_BYTES),
          });
        }
        ask();
        if (copy.isDone) expect(there).toEqual(here);
      }
      while (reads.length + sent.length > 0) {
        read(0, true);
        arrive(0);
        ask();
      }
      expect(copy.isDone).toBe(true);
      expect(there).toEqual(here);
    }),
  );
});
