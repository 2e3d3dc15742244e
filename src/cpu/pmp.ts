/** Physical memory protection, generated as WebAssembly. Source: Privileged Architecture, section 3.7. */
import { PMP, PMP_ENTRIES, PRIVILEGE } from './csrs.ts';
import { getWord } from './hart-words.ts';
import { type HartWord, offsetOf } from './layout.ts';
import type { Body, FunctionRef, ModuleBuilder } from './wasm/module.ts';

/** The permissions, as bits of an entry's settings. */
export const PERMISSION = { load: PMP.R, store: PMP.W, fetch: PMP.X } as const;

/**
 * (physical address, sizeBytes, permission, privilege) → 1 when the access is allowed to all of the bytes. The entry
 * with the lowest number that matches any of them decides, and must match all of them. M-mode is allowed what no entry,
 * or only an unlocked one, matches. Long: the locals of one WebAssembly function.
 */
export function emitPmp(module: ModuleBuilder): FunctionRef {
  return module.function({ params: ['i64', 'i64', 'i32', 'i32'], results: ['i32'] }, (body) => {
    const [address, sizeBytes, permission, privilege] = [0, 1, 2, 3];
    const settings = body.local('i32');
    const first = body.local('i64');
    const bytes = body.local('i64');
    const value = body.local('i64');
    const isM = () => body.get(privilege).i32(PRIVILEGE.M).op('i32.eq');
    getWord(body, 'pmpcfg0');
    getWord(body, 'pmpcfg2').op('i64.or', 'i64.eqz');
    body.if(() => {
      isM();
      body.op('return');
    });
    for (let entry = 0; entry < PMP_ENTRIES; entry++) {
      const addressWord = (of: number) => getWord(body, `pmpaddr${of}` as HartWord);
      body.i32(0).access('i32.load8_u', offsetOf(entry < 8 ? 'pmpcfg0' : 'pmpcfg2') + (entry % 8));
      body.tee(settings).i32(PMP.A).op('i32.and');
      body.if(() => {
        addressWord(entry).set(value);
        range(body, { settings, value, first, bytes }, () =>
          entry === 0 ? body.i64(0) : addressWord(entry - 1),
        );
        // Any byte of the access in the range: address < first + bytes && first < address + sizeBytes.
        body.get(address).get(first).get(bytes).op('i64.add', 'i64.lt_u');
        body.get(first).get(address).get(sizeBytes).op('i64.add', 'i64.lt_u', 'i32.and');
        body.get(bytes).i64(0).op('i64.ne', 'i32.and');
        body.if(() => {
          // All bytes of the access in the range?
          body.get(address).get(first).op('i64.ge_u');
          body
            .get(address)
            .get(sizeBytes)
            .op('i64.add')
            .get(first)
            .get(bytes)
            .op('i64.add', 'i64.le_u', 'i32.and');
          body.get(settings).get(permission).op('i32.and').i32(0).op('i32.ne');
          isM();
          body.get(settings).i32(PMP.L).op('i32.and', 'i32.eqz', 'i32.and', 'i32.or', 'i32.and', 'return');
        });
      });
    }
    isM();
  });
}

interface Locals {
  settings: number;
  value: number;
  first: number;
  bytes: number;
}

/** Sets `first` and `bytes` to an entry's range. */
function range(body: Body, { settings, value, first, bytes }: Locals, below: () => void): void {
  const is = (mode: number) => body.get(settings).i32(PMP.A).op('i32.and').i32(mode).op('i32.eq');
  is(PMP.TOR);
  body.if(
    () => {
      below();
      body.i64(2).op('i64.shl').set(first);
      // A range whose top is not above its bottom is empty.
      body.get(value).i64(2).op('i64.shl').get(first).op('i64.sub').i64(0);
      body.get(value).i64(2).op('i64.shl').get(first).op('i64.gt_u', 'select').set(bytes);
    },
    () => {
      // NAPOT: the number of trailing ones encodes the size, from 8 bytes for none.
      is(PMP.NAPOT);
      body.if(
        () => {
          body.get(value).get(value).i64(1).op('i64.add', 'i64.xor').set(bytes);
          body.get(value).get(bytes).i64(-1).op('i64.xor', 'i64.and').i64(2).op('i64.shl').set(first);
          body.get(bytes).i64(1).op('i64.add').i64(2).op('i64.shl').set(bytes);
        },
        () => {
          body.get(value).i64(2).op('i64.shl').set(first);
          body.i64(4).set(bytes);
        },
      );
    },
  );
}
