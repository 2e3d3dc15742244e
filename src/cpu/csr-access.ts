/** Access to the CSRs, generated as WebAssembly from the table. */
import {
  type Csr,
  csrs,
  ENVCFG,
  INTERRUPT,
  MSECCFG,
  MSTATUS,
  PMP,
  PMP_ENTRIES,
  PRIVILEGE,
  S_INTERRUPTS,
  SATP,
} from './csrs.ts';
import { anyOf, getWord, setWord } from './hart-words.ts';
import { CSR_INDEX, type HartWord } from './layout.ts';
import type { Body, FunctionRef, Label, ModuleBuilder } from './wasm/module.ts';

/** The generated functions for CSR accesses. */
export interface CsrFunctions {
  /** (number, writes) → 1 when the access is legal. */
  csrLegal: FunctionRef;
  /** (number) → value. */
  csrRead: FunctionRef;
  /** (number, value). */
  csrWrite: FunctionRef;
}

/** What CSR accesses use besides the hart's words. */
export interface CsrNeeds {
  /** () → ticks of the guest's clock. */
  clock: FunctionRef;
  /** () → 16 random bits. */
  entropy: FunctionRef;
  /** (): `stimecmp` or `menvcfg.STCE` was written. */
  timerChanged: FunctionRef;
  /** (): discards all TLB entries. */
  flush: FunctionRef;
}

/** Emits the functions for CSR accesses. */
export function emitCsrFunctions(module: ModuleBuilder, needs: CsrNeeds): CsrFunctions {
  module.bytes(CSR_INDEX, csrIndex());
  return {
    csrLegal: emitLegal(module),
    csrRead: emitRead(module, needs),
    csrWrite: emitWrite(module, needs),
  };
}

function csrIndex(): Uint8Array {
  const index = new Uint8Array(4096);
  csrs.forEach(({ number }, row) => {
    index[number] = row + 1;
  });
  return index;
}

/**
 * Emits a jump by the CSR's number, in parameter 0, to an arm for its row; rows for which `arm` is undefined fall
 * through.
 */
function perCsr(body: Body, armOf: (csr: Csr) => (() => void) | undefined): void {
  const arms = csrs.map(armOf);
  const present = arms.flatMap((arm, row) => (arm ? [{ arm, row }] : []));
  body.block((end) => {
    const labels = new Map<number, Label>();
    const open = (depth: number) => {
      const entry = present[depth];
      if (!entry) {
        body.get(0).access('i32.load8_u', CSR_INDEX);
        body.brTable([end, ...arms.map((_, row) => labels.get(row) ?? end)], end);
        return;
      }
      body.block((label) => {
        labels.set(entry.row, label);
        open(depth + 1);
      });
      entry.arm();
      body.op('return');
    };
    open(0);
  });
}

const isBelowM = (body: Body) => getWord(body, 'privilege').i64(PRIVILEGE.M).op('i64.ne');
const isU = (body: Body) => getWord(body, 'privilege').op('i64.eqz');

/** Whether a CSR may be accessed here. Long: a condition for each of the manual's exceptions. */
function emitLegal(module: ModuleBuilder): FunctionRef {
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
    const opens = (word: 'mcounteren' | 'scounteren', bit: number) => {
      getWord(body, word);
      anyOf(body, 1n << BigInt(bit)).op('i32.eqz');
      refuseIf();
    };
    perCsr(body, ({ name, counterBit, access }) => {
      if (access.is === 'fcsr') return () => anyOf(getWord(body, 'mstatus'), MSTATUS.FS);
      if (counterBit !== undefined)
        return () => {
          isBelowM(body);
          body.if(() => opens('mcounteren', counterBit));
          isU(body);
          body.if(() => opens('scounteren', counterBit));
          body.i32(1);
        };
      switch (name) {
        case 'seed':
          return () => seedLegal(body);
        case 'satp':
          // mstatus.TVM traps what supervisor mode does to its translation.
          return () => {
            getWord(body, 'mstatus');
            anyOf(body, MSTATUS.TVM);
            isBelowM(body).op('i32.and', 'i32.eqz');
          };
        case 'stimecmp':
          return () => {
            isBelowM(body);
            body.if(() => {
              opens('mcounteren', 1);
              getWord(body, 'menvcfg');
              anyOf(body, ENVCFG.STCE).op('i32.eqz');
              refuseIf();
            });
            body.i32(1);
          };
        default:
          return undefined;
      }
    });
    body.i32(1);
  });
}

/** Zkr: `seed` must be accessed with a write, and `mseccfg` opens it to the lower modes. */
function seedLegal(body: Body): void {
  isBelowM(body);
  body.if(
    () => {
      getWord(body, 'mseccfg');
      body.i64(MSECCFG.USEED).i64(MSECCFG.SSEED);
      isU(body).op('select', 'i64.and').i64(0).op('i64.ne');
    },
    () => body.i32(1),
    'i32',
  );
  body.get(1).op('i32.and');
}

/** Reads a CSR. Long: an arm for each kind of access. */
function emitRead(module: ModuleBuilder, { clock, entropy }: CsrNeeds): FunctionRef {
  return module.function({ params: ['i32'], results: ['i64'] }, (body) => {
    const pending = () => {
      getWord(body, 'mip');
      getWord(body, 'lines').op('i64.or');
    };
    const arms = (csr: Csr): (() => void) | undefined => {
      const { access } = csr;
      switch (access.is) {
        case 'word':
        case 'pmpcfg':
          return () => getWord(body, access.word);
        case 'constant':
          return access.value === 0n ? undefined : () => body.i64(access.value);
        case 'counter':
          return () => {
            getWord(body, 'icount');
            getWord(body, access.word).op('i64.add');
          };
        case 'status':
          return () => readStatus(body, access.readable);
        case 'fcsr':
          return () =>
            getWord(body, 'fcsr')
              .i64(access.shift)
              .op('i64.shr_u')
              .i64((1n << BigInt(access.bits)) - 1n)
              .op('i64.and');
        case 'mip':
          return pending;
        case 'sip':
          return () => {
            pending();
            getWord(body, 'mideleg').op('i64.and');
          };
        case 'sie':
          return () => {
            getWord(body, 'mie');
            getWord(body, 'mideleg').op('i64.and');
          };
        case 'satp':
          return () => getWord(body, 'satp');
        case 'pmpaddr':
          return () => getWord(body, `pmpaddr${access.index}` as HartWord);
        case 'time':
          return () => body.call(clock);
        case 'seed':
          // OPST = ES16 (bits 31:30 = 10) and 16 bits of entropy: Scalar Cryptography, section "seed".
          return () => body.call(entropy).i32(0x8000_0000).op('i32.or', 'i64.extend_i32_s');
      }
    };
    perCsr(body, arms);
    body.i64(0);
  });
}

function readStatus(body: Body, readable: bigint): void {
  getWord(body, 'mstatus')
    .i64(MSTATUS.UXL_64 | MSTATUS.SXL_64)
    .op('i64.or');
  // SD: FS is dirty.
  getWord(body, 'mstatus').i64(MSTATUS.FS).op('i64.and').i64(MSTATUS.FS).op('i64.eq', 'i64.extend_i32_u');
  body.i64(63).op('i64.shl', 'i64.or').i64(readable).op('i64.and');
}

/** Writes a CSR. Long: an arm for each kind of access. */
function emitWrite(module: ModuleBuilder, { timerChanged, flush }: CsrNeeds): FunctionRef {
  return module.function({ params: ['i32', 'i64'], results: [] }, (body) => {
    /** The bits of the word that are set in what `mask` pushes become those of the value. */
    const mergeBy = (word: HartWord, mask: () => void) =>
      setWord(body, word, () => {
        // old ^ ((old ^ value) & mask)
        getWord(body, word);
        getWord(body, word).get(1).op('i64.xor');
        mask();
        body.op('i64.and', 'i64.xor');
      });
    const merge = (word: HartWord, writable: bigint) => mergeBy(word, () => body.i64(writable));
    const arms = ({ access, name }: Csr): (() => void) | undefined => {
      switch (access.is) {
        case 'word':
          return () => {
            merge(access.word, access.writable);
            if (name === 'stimecmp' || name === 'menvcfg') body.call(timerChanged);
          };
        case 'counter':
          // The counter holds the written value when the next instruction starts.
          return () =>
            setWord(body, access.word, () => {
              body.get(1);
              getWord(body, 'icount').op('i64.sub').i64(1).op('i64.sub');
            });
        case 'fcsr':
          return () => {
            body.get(1).i64(access.shift).op('i64.shl').set(1);
            merge('fcsr', ((1n << BigInt(access.bits)) - 1n) << BigInt(access.shift));
            setWord(body, 'mstatus', () => getWord(body, 'mstatus').i64(MSTATUS.FS).op('i64.or'));
          };
        case 'status':
          return () => writeStatus(body, access.writable, merge, flush);
        case 'mip':
          // STIP is a line while Sstc is on.
          return () =>
            mergeBy('mip', () => {
              body.i64(S_INTERRUPTS).i64(S_INTERRUPTS & ~(1n << BigInt(INTERRUPT.STI)));
              getWord(body, 'menvcfg');
              anyOf(body, ENVCFG.STCE).op('i32.eqz', 'select');
            });
        case 'sip':
          return () =>
            mergeBy('mip', () =>
              getWord(body, 'mideleg')
                .i64(1n << BigInt(INTERRUPT.SSI))
                .op('i64.and'),
            );
        case 'sie':
          return () => mergeBy('mie', () => getWord(body, 'mideleg'));
        case 'satp':
          return () => writeSatp(body, merge, flush);
        case 'pmpcfg':
          return () => {
            writePmpcfg(body, access.word);
            body.call(flush);
          };
        case 'pmpaddr':
          return () => {
            writePmpaddr(body, access.index);
            body.call(flush);
          };
        default:
          return undefined;
      }
    };
    perCsr(body, arms);
  });
}

type Merge = (word: HartWord, writable: bigint) => void;

function writeStatus(body: Body, writable: bigint, merge: Merge, flush: FunctionRef): void {
  // The translations of supervisor and user mode were made with the old MXR.
  getWord(body, 'mstatus').get(1).op('i64.xor');
  anyOf(body, MSTATUS.MXR);
  body.if(() => body.call(flush));
  merge('mstatus', writable & ~MSTATUS.MPP);
  if ((writable & MSTATUS.MPP) === 0n) return;
  // MPP is WARL: a mode that does not exist leaves it as it is.
  body.get(1).i64(11).op('i64.shr_u').i64(3).op('i64.and').i64(2).op('i64.ne');
  body.if(() => merge('mstatus', MSTATUS.MPP));
}

/**
 * A mode that does not exist leaves `satp` as it is (Privileged Architecture, "Supervisor Address Translation and
 * Protection").
 */
function writeSatp(body: Body, merge: Merge, flush: FunctionRef): void {
  body.get(1).i64(60).op('i64.shr_u').i64(~SATP.SV39).op('i64.and', 'i64.eqz');
  body.if(() => {
    merge('satp', (0xfn << 60n) | SATP.PPN);
    body.call(flush);
  });
}

/** Each of the eight bytes is written unless it is locked; W without R is reserved, and leaves the byte as it is. */
function writePmpcfg(body: Body, word: 'pmpcfg0' | 'pmpcfg2'): void {
  const at = body.local('i64');
  const value = body.local('i64');
  body.loop((again) => {
    body.get(1).get(at).op('i64.shr_u').i64(0x9f).op('i64.and').set(value);
    getWord(body, word).get(at).op('i64.shr_u').i64(PMP.L).op('i64.and', 'i64.eqz');
    body
      .get(value)
      .i64(PMP.R | PMP.W)
      .op('i64.and')
      .i64(PMP.W)
      .op('i64.ne', 'i32.and');
    body.if(() =>
      setWord(body, word, () => {
        getWord(body, word).i64(0xff).get(at).op('i64.shl').i64(-1).op('i64.xor', 'i64.and');
        body.get(value).get(at).op('i64.shl', 'i64.or');
      }),
    );
    body.get(at).i64(8).op('i64.add').tee(at).i64(64).op('i64.lt_u').brIf(again);
  });
}

/** A locked entry's address is locked, and so is the one below a locked top of range. */
function writePmpaddr(body: Body, index: number): void {
  const settings = (entry: number) =>
    getWord(body, entry < 8 ? 'pmpcfg0' : 'pmpcfg2')
      .i64(8 * (entry % 8))
      .op('i64.shr_u');
  settings(index).i64(PMP.L).op('i64.and').i64(0).op('i64.ne');
  body.if(() => body.op('return'));
  if (index + 1 < PMP_ENTRIES) {
    settings(index + 1)
      .i64(PMP.L | PMP.A)
      .op('i64.and')
      .i64(PMP.L | PMP.TOR)
      .op('i64.eq');
    body.if(() => body.op('return'));
  }
  setWord(body, `pmpaddr${index}` as HartWord, () =>
    body
      .get(1)
      .i64(2n ** 54n - 1n)
      .op('i64.and'),
  );
}
