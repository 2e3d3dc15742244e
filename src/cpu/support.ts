/** Functions that the interpreter calls: wide products, traps, interrupts, CSRs and hashing, generated as WebAssembly. */
import { type Csr, csrNumbers, csrs, INTERRUPT, MSTATUS, PRIVILEGE } from './csrs.ts';
import {
  CSR_INDEX,
  type HartWord,
  offsetOf,
  PAGE,
  PAGE_BYTES,
  PAGE_FLAGS,
  PAGE_HASHES,
  RAM,
} from './layout.ts';
import type { Body, FunctionRef, ModuleBuilder } from './wasm/module.ts';

/** What the VMM provides to the generated code. */
export interface Imports {
  /** (address, sizeBytes) → value. Sets the `REFUSED` word when there is nothing to read. */
  load: FunctionRef;
  /** (address, sizeBytes, value): as `load`. */
  store: FunctionRef;
  /** () → ticks of the guest's clock. */
  clock: FunctionRef;
  /** () → 16 random bits. */
  entropy: FunctionRef;
}

export interface Support extends Imports {
  mulh: FunctionRef;
  mulhu: FunctionRef;
  mulhsu: FunctionRef;
  /** (cause, tval): an exception at the instruction at `pc`. */
  exception: FunctionRef;
  /** Wakes a waiting hart and takes the pending interrupt of the highest priority, if it may. */
  interrupts: FunctionRef;
  /** (number, writes) → 1 when the access is legal. */
  csrLegal: FunctionRef;
  /** (number) → value. */
  csrRead: FunctionRef;
  /** (number, value). */
  csrWrite: FunctionRef;
  mret: FunctionRef;
}

const SEED = csrNumbers.get('seed')!;

const getWord = (body: Body, word: HartWord) => body.i32(0).access('i64.load', offsetOf(word));
const setWord = (body: Body, word: HartWord, value: () => void) => {
  body.i32(0);
  value();
  body.access('i64.store', offsetOf(word));
};

export function declareImports(module: ModuleBuilder): Imports {
  return {
    load: module.importFunction('load', ['i64', 'i32'], ['i64']),
    store: module.importFunction('store', ['i64', 'i32', 'i64']),
    clock: module.importFunction('clock', [], ['i64']),
    entropy: module.importFunction('entropy', [], ['i32']),
  };
}

export function emitSupport(module: ModuleBuilder, imports: Imports): Support {
  const mulhu = emitMulhu(module);
  const trap = emitTrap(module);
  module.bytes(CSR_INDEX, csrIndex());
  emitPageHashes(module);
  return {
    ...imports,
    mulhu,
    mulh: emitSignedProduct(module, mulhu, ['a', 'b']),
    mulhsu: emitSignedProduct(module, mulhu, ['a']),
    exception: emitException(module, trap),
    interrupts: emitInterrupts(module, trap),
    csrLegal: emitCsrLegal(module),
    csrRead: emitCsrRead(module, imports),
    csrWrite: emitCsrWrite(module),
    mret: emitMret(module),
  };
}

/** The upper half of an unsigned 128-bit product, from four 32-bit products. */
function emitMulhu(module: ModuleBuilder): FunctionRef {
  return module.function({ params: ['i64', 'i64'], results: ['i64'] }, (body) => {
    const low = (x: number) => body.get(x).i64(0xffffffffn).op('i64.and');
    const high = (x: number) => body.get(x).i64(32).op('i64.shr_u');
    const middle = body.local('i64');
    const cross = body.local('i64');
    // middle = aHigh * bLow + (aLow * bLow >> 32); cross = aLow * bHigh + low(middle)
    high(0);
    low(1).op('i64.mul');
    low(0);
    low(1).op('i64.mul').i64(32).op('i64.shr_u', 'i64.add').set(middle);
    low(0);
    high(1).op('i64.mul');
    low(middle).op('i64.add').set(cross);
    high(0);
    high(1).op('i64.mul');
    high(middle).op('i64.add');
    high(cross).op('i64.add');
  });
}

/** A product of which the named factors are signed: each negative one takes the other off the unsigned upper half. */
function emitSignedProduct(
  module: ModuleBuilder,
  mulhu: FunctionRef,
  signed: readonly ('a' | 'b')[],
): FunctionRef {
  return module.function({ params: ['i64', 'i64'], results: ['i64'] }, (body) => {
    body.get(0).get(1).call(mulhu);
    for (const factor of signed) {
      const [negative, other] = factor === 'a' ? [0, 1] : [1, 0];
      body.get(negative).i64(63).op('i64.shr_s').get(other).op('i64.and', 'i64.sub');
    }
  });
}

/** (cause, tval, offset from the vector base): Privileged Architecture, "Privilege and Global Interrupt-Enable Stack". */
function emitTrap(module: ModuleBuilder): FunctionRef {
  return module.function({ params: ['i64', 'i64', 'i64'], results: [] }, (body) => {
    setWord(body, 'mepc', () => getWord(body, 'pc'));
    setWord(body, 'mcause', () => body.get(0));
    setWord(body, 'mtval', () => body.get(1));
    setWord(body, 'mstatus', () => {
      // MPIE := MIE, MIE := 0, MPP := privilege
      getWord(body, 'mstatus')
        .i64(~(MSTATUS.MIE | MSTATUS.MPIE | MSTATUS.MPP))
        .op('i64.and');
      getWord(body, 'mstatus').i64(MSTATUS.MIE).op('i64.and').i64(4).op('i64.shl', 'i64.or');
      getWord(body, 'privilege').i64(11).op('i64.shl', 'i64.or');
    });
    setWord(body, 'privilege', () => body.i64(PRIVILEGE.M));
    setWord(body, 'pc', () => getWord(body, 'mtvec').i64(-4).op('i64.and').get(2).op('i64.add'));
  });
}

function emitException(module: ModuleBuilder, trap: FunctionRef): FunctionRef {
  return module.function({ params: ['i64', 'i64'], results: [] }, (body) => {
    body.get(0).get(1).i64(0).call(trap);
    // The step counts, but nothing retired.
    setWord(body, 'minstretBias', () => getWord(body, 'minstretBias').i64(1).op('i64.sub'));
  });
}

function emitInterrupts(module: ModuleBuilder, trap: FunctionRef): FunctionRef {
  return module.function({ params: [], results: [] }, (body) => {
    const pending = body.local('i64');
    const number = body.local('i64');
    getWord(body, 'mip');
    getWord(body, 'mie').op('i64.and').tee(pending).op('i64.eqz');
    body.if(() => body.op('return'));
    setWord(body, 'waiting', () => body.i64(0));
    getWord(body, 'privilege').i64(PRIVILEGE.M).op('i64.eq');
    getWord(body, 'mstatus').i64(MSTATUS.MIE).op('i64.and', 'i64.eqz', 'i32.and');
    body.if(() => body.op('return'));
    // From the lowest priority to the highest: the last that is pending stands.
    for (const interrupt of [INTERRUPT.MTI, INTERRUPT.MSI, INTERRUPT.MEI]) {
      body
        .get(pending)
        .i64(1n << BigInt(interrupt))
        .op('i64.and')
        .i64(0)
        .op('i64.ne');
      body.if(() => body.i64(interrupt).set(number));
    }
    body
      .get(number)
      .i64(-(2n ** 63n))
      .op('i64.or')
      .i64(0);
    // Vectored mode: four bytes for each interrupt.
    getWord(body, 'mtvec').i64(1).op('i64.and').get(number).op('i64.mul').i64(4).op('i64.mul').call(trap);
  });
}

function csrIndex(): Uint8Array {
  const index = new Uint8Array(4096);
  csrs.forEach(({ number }, row) => {
    index[number] = row + 1;
  });
  return index;
}

/** Emits `arm` for each CSR row of which `pick` gives something, chosen by the number in parameter 0. */
function perCsr<T>(body: Body, pick: (csr: Csr) => T | undefined, arm: (picked: T) => void): void {
  for (const csr of csrs) {
    const picked = pick(csr);
    if (picked === undefined) continue;
    body.get(0).i32(csr.number).op('i32.eq');
    body.if(() => {
      arm(picked);
      body.op('return');
    });
  }
}

function emitCsrLegal(module: ModuleBuilder): FunctionRef {
  return module.function({ params: ['i32', 'i32'], results: ['i32'] }, (body) => {
    const refuseIf = () => body.if(() => body.i32(0).op('return'));
    body.get(0).access('i32.load8_u', CSR_INDEX).op('i32.eqz');
    refuseIf();
    // Bits 9:8 are the lowest privilege that may reach it; bits 11:10 all ones mean read-only.
    body.get(0).i32(8).op('i32.shr_u').i32(3).op('i32.and');
    getWord(body, 'privilege').op('i32.wrap_i64', 'i32.gt_u');
    refuseIf();
    body.get(0).i32(10).op('i32.shr_u').i32(3).op('i32.eq').get(1).op('i32.and');
    refuseIf();
    getWord(body, 'privilege').i64(PRIVILEGE.M).op('i64.eq');
    body.if(() => {
      // Zkr: `seed` must be accessed with a write.
      body.get(0).i32(SEED).op('i32.ne').get(1).op('i32.or').op('return');
    });
    perCsr(
      body,
      ({ counterBit }) => counterBit,
      (bit) => getWord(body, 'mcounteren').i64(bit).op('i64.shr_u', 'i32.wrap_i64').i32(1).op('i32.and'),
    );
    // From U-mode, `seed` needs mseccfg.USEED as well.
    getWord(body, 'mseccfg').i64(8).op('i64.shr_u', 'i32.wrap_i64').get(1).op('i32.and');
  });
}

function emitCsrRead(module: ModuleBuilder, { clock, entropy }: Imports): FunctionRef {
  return module.function({ params: ['i32'], results: ['i64'] }, (body) => {
    perCsr(
      body,
      ({ access }) => (access.is === 'constant' && access.value === 0n ? undefined : access),
      (access) => {
        switch (access.is) {
          case 'word':
            return getWord(body, access.word);
          case 'mstatus':
            return getWord(body, 'mstatus').i64(MSTATUS.UXL_64).op('i64.or');
          case 'constant':
            return body.i64(access.value);
          case 'counter':
            getWord(body, 'icount');
            return getWord(body, access.word).op('i64.add');
          case 'time':
            return body.call(clock);
          case 'seed':
            // OPST = ES16 (bits 31:30 = 10) and 16 bits of entropy: Scalar Cryptography, section "seed".
            return body.call(entropy).i32(0x8000_0000).op('i32.or', 'i64.extend_i32_s');
        }
      },
    );
    body.i64(0);
  });
}

function emitCsrWrite(module: ModuleBuilder): FunctionRef {
  return module.function({ params: ['i32', 'i64'], results: [] }, (body) => {
    const merge = (word: HartWord, writable: bigint) =>
      setWord(body, word, () => {
        getWord(body, word).i64(~writable).op('i64.and');
        body.get(1).i64(writable).op('i64.and', 'i64.or');
      });
    perCsr(
      body,
      ({ access }) => (access.is === 'constant' ? undefined : access),
      (access) => {
        if (access.is === 'word') merge(access.word, access.writable);
        if (access.is === 'mstatus') {
          merge('mstatus', MSTATUS.MIE | MSTATUS.MPIE | MSTATUS.MPRV | MSTATUS.TW);
          // MPP is WARL: a mode that does not exist leaves it as it is.
          body.get(1).i64(11).op('i64.shr_u').i64(1).op('i64.add').i64(3).op('i64.and').i64(1).op('i64.le_u');
          body.if(() => merge('mstatus', MSTATUS.MPP));
        }
        if (access.is === 'counter')
          // The counter holds the written value when the next instruction starts.
          setWord(body, access.word, () => {
            body.get(1);
            getWord(body, 'icount').op('i64.sub').i64(1).op('i64.sub');
          });
      },
    );
  });
}

function emitMret(module: ModuleBuilder): FunctionRef {
  return module.function({ params: [], results: [] }, (body) => {
    const status = body.local('i64');
    getWord(body, 'mstatus').set(status);
    setWord(body, 'privilege', () => body.get(status).i64(11).op('i64.shr_u').i64(3).op('i64.and'));
    setWord(body, 'mstatus', () => {
      // MIE := MPIE, MPIE := 1, MPP := U
      body
        .get(status)
        .i64(~(MSTATUS.MIE | MSTATUS.MPP))
        .op('i64.and')
        .i64(MSTATUS.MPIE)
        .op('i64.or');
      body.get(status).i64(MSTATUS.MPIE).op('i64.and').i64(4).op('i64.shr_u', 'i64.or');
    });
    // Leaving M-mode clears MPRV.
    getWord(body, 'privilege').i64(PRIVILEGE.M).op('i64.ne');
    body.if(() => setWord(body, 'mstatus', () => getWord(body, 'mstatus').i64(~MSTATUS.MPRV).op('i64.and')));
    setWord(body, 'pc', () => getWord(body, 'mepc'));
  });
}

const MIX = [0x9e3779b97f4a7c15n, 0xd1b54a32d192ed03n] as const;

/**
 * Exports `hash(at, sizeBytes, seed)` over a multiple of 32 bytes, and `hashRam(pages)`, which takes the hashes of the pages
 * that are dirty again and gives the sum over all pages. A page of zeros counts as zero, so that untouched RAM need not be read.
 */
function emitPageHashes(module: ModuleBuilder): void {
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
        body.get(page).access('i32.load8_u', PAGE_FLAGS).i32(PAGE.CHANGED).op('i32.and');
        body.access('i32.store8', PAGE_FLAGS);
      });
      hashAt().access('i64.load', PAGE_HASHES).get(sum).op('i64.add').set(sum);
      body.get(page).i32(1).op('i32.add').tee(page).get(0).op('i32.lt_u').brIf(again);
    });
    body.get(sum);
  });
}
