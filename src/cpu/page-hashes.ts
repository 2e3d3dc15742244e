/** Hashing of RAM page by page, generated as WebAssembly. */
import { PAGE, PAGE_BYTES, PAGE_FLAGS, PAGE_HASHES, RAM } from './layout.ts';
import type { FunctionRef, ModuleBuilder } from './wasm/module.ts';

const MIX = [0x9e3779b97f4a7c15n, 0xd1b54a32d192ed03n] as const;

/**
 * Exports `hash(at, sizeBytes, seed)` over a multiple of 32 bytes, and `hashRam(pages)`, which rehashes the dirty pages
 * and returns the sum over all pages. A page of zeros has the hash zero, so that untouched RAM need not be read.
 * Long: the locals of one WebAssembly function.
 */
export function emitPageHashes(module: ModuleBuilder, flushStores: FunctionRef): void {
  const hash = module.function(
    { params: ['i32', 'i32', 'i64'], results: ['i64'], exportAs: 'hash' },
    (body) => {
      const end = body.local('i32');
      const any = body.local('i64');
      const lanes = [0, 1, 2, 3].map(() => body.local('i64'));
      const word = body.local('i64');
      body.get(0).get(1).op('i32.add').set(end);
      lanes.forEach((lane, index) => {
        body
          .get(2)
          .i64(MIX[1] * BigInt(index + 1))
          .op('i64.xor')
          .set(lane);
      });
      body.loop((again) => {
        lanes.forEach((lane, index) => {
          body
            .get(0)
            .access('i64.load', index * 8)
            .tee(word)
            .get(any)
            .op('i64.or')
            .set(any);
          body.get(lane).get(word).i64(MIX[0]).op('i64.mul', 'i64.xor').i64(29).op('i64.rotl');
          body.i64(MIX[1]).op('i64.mul').set(lane);
        });
        body.get(0).i32(32).op('i32.add').tee(0).get(end).op('i32.lt_u').brIf(again);
      });
      body.get(any).op('i64.eqz');
      body.if(() => body.i64(0).op('return'));
      body.get(lanes[0]!);
      lanes.slice(1).forEach((lane, index) => {
        body
          .i64(17 + 6 * index)
          .op('i64.rotl')
          .get(lane)
          .op('i64.xor')
          .i64(MIX[0])
          .op('i64.mul');
      });
      body.tee(word).get(word).i64(31).op('i64.shr_u', 'i64.xor').i64(MIX[1]).op('i64.mul').tee(word);
      body.get(word).i64(29).op('i64.shr_u', 'i64.xor');
    },
  );
  module.function({ params: ['i32'], results: ['i64'], exportAs: 'hashRam' }, (body) => {
    const page = body.local('i32');
    const sum = body.local('i64');
    const hashAt = () => body.get(page).i32(8).op('i32.mul');
    body.loop((again) => {
      body.get(page).access('i32.load8_u', PAGE_FLAGS).i32(PAGE.DIRTY).op('i32.and');
      body.if(() => {
        hashAt();
        body.get(page).i32(PAGE_BYTES).op('i32.mul').i32(RAM).op('i32.add').i32(PAGE_BYTES);
        // The page's number is part of its hash: the same pages in another order are another state.
        body.get(page).op('i64.extend_i32_u').i64(MIX[0]).op('i64.mul').call(hash);
        body.access('i64.store', PAGE_HASHES);
        body.get(page);
        body
          .get(page)
          .access('i32.load8_u', PAGE_FLAGS)
          .i32(0xff & ~(PAGE.DIRTY | PAGE.SILENT))
          .op('i32.and');
        body.access('i32.store8', PAGE_FLAGS);
      });
      hashAt().access('i64.load', PAGE_HASHES).get(sum).op('i64.add').set(sum);
      body.get(page).i32(1).op('i32.add').tee(page).get(0).op('i32.lt_u').brIf(again);
    });
    // The next store to a page that is now clean must be detected.
    body.call(flushStores);
    body.get(sum);
  });
}
