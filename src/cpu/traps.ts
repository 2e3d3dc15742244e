/** Traps, interrupts and trap returns, generated as WebAssembly. Source: Privileged Architecture, chapters 3 and 12. */
import { INTERRUPT, MSTATUS, PRIVILEGE } from './csrs.ts';
import { anyOf, getScratch, getWide, getWord, setScratch, setWide, setWord } from './hart-words.ts';
import { KEY_BITS, TLB, TLB_CONTEXT_BYTES } from './layout.ts';
import type { Body, FunctionRef, ModuleBuilder } from './wasm/module.ts';

/** The generated functions for traps. */
export interface TrapFunctions {
  /** (cause, tval): an exception at the instruction at `pc`. */
  exception: FunctionRef;
  /**
   * Wakes a waiting hart, takes the pending interrupt of the highest priority, if it may, and sets the contexts of the
   * MMU.
   */
  interrupts: FunctionRef;
  mret: FunctionRef;
  sret: FunctionRef;
}

/** Emits the functions for traps. */
export function emitTraps(module: ModuleBuilder): TrapFunctions {
  const trap = emitTrap(module);
  return {
    exception: emitException(module, trap),
    interrupts: emitInterrupts(module, trap, emitContexts(module)),
    mret: emitMret(module),
    sret: emitSret(module),
  };
}

/** The CSRs and fields that a trap into M- or S-mode changes. */
const modes = {
  M: {
    privilege: PRIVILEGE.M,
    epc: 'mepc',
    cause: 'mcause',
    tval: 'mtval',
    tvec: 'mtvec',
    IE: MSTATUS.MIE,
    PIE: MSTATUS.MPIE,
    PP: MSTATUS.MPP,
    ppShift: 11,
  },
  S: {
    privilege: PRIVILEGE.S,
    epc: 'sepc',
    cause: 'scause',
    tval: 'stval',
    tvec: 'stvec',
    IE: MSTATUS.SIE,
    PIE: MSTATUS.SPIE,
    PP: MSTATUS.SPP,
    ppShift: 8,
  },
} as const;
type Mode = (typeof modes)[keyof typeof modes];

const CAUSE_PARAM = 0;
const TVAL_PARAM = 1;
/** An interrupt's cause has the highest bit set. */
const INTERRUPT_FLAG = -(2n ** 63n);

/** Enters the handler of a mode ("Privilege and Global Interrupt-Enable Stack in mstatus register"). */
function enter(body: Body, mode: Mode): void {
  setWord(body, mode.epc, () => getWord(body, 'pc'));
  setWord(body, mode.cause, () => body.get(CAUSE_PARAM));
  setWord(body, mode.tval, () => body.get(TVAL_PARAM));
  setWord(body, 'mstatus', () => {
    // PIE := IE, IE := 0, PP := privilege. Each PIE is four bits above its IE.
    getWord(body, 'mstatus')
      .i64(~(mode.IE | mode.PIE | mode.PP))
      .op('i64.and');
    getWord(body, 'mstatus').i64(mode.IE).op('i64.and').i64(4).op('i64.shl', 'i64.or');
    getWord(body, 'privilege').i64(mode.ppShift).op('i64.shl', 'i64.or');
  });
  setWord(body, 'privilege', () => body.i64(mode.privilege));
  setWord(body, 'pc', () => {
    getWord(body, mode.tvec).i64(-4).op('i64.and');
    // Vectored mode: base + 4 * cause for interrupts.
    body.get(CAUSE_PARAM).i64(4).op('i64.mul').i64(0);
    getWord(body, mode.tvec).i64(1).op('i64.and', 'i64.eqz', 'i32.eqz');
    body.get(CAUSE_PARAM).i64(0).op('i64.lt_s', 'i32.and', 'select', 'i64.add');
  });
}

/** (cause, tval). Delegated traps from below M-mode go to S-mode. */
function emitTrap(module: ModuleBuilder): FunctionRef {
  return module.function({ params: ['i64', 'i64'], results: [] }, (body) => {
    getWord(body, 'mideleg');
    getWord(body, 'medeleg');
    body.get(CAUSE_PARAM).i64(0).op('i64.lt_s', 'select');
    body.get(CAUSE_PARAM).op('i64.shr_u').i64(1).op('i64.and', 'i32.wrap_i64');
    getWord(body, 'privilege').i64(PRIVILEGE.M).op('i64.ne', 'i32.and');
    body.if(
      () => enter(body, modes.S),
      () => enter(body, modes.M),
    );
  });
}

function emitException(module: ModuleBuilder, trap: FunctionRef): FunctionRef {
  return module.function({ params: ['i64', 'i64'], results: [] }, (body) => {
    countRepetition(body);
    body.get(CAUSE_PARAM).get(TVAL_PARAM).call(trap);
    // The step counts, but no instruction retires.
    setWord(body, 'minstretBias', () => getWord(body, 'minstretBias').i64(1).op('i64.sub'));
  });
}

/**
 * Counts exceptions in a row that are the same: of one instruction, with one cause, and without the instruction having
 * retired since: the handler has not returned, or to the instruction just before.
 */
function countRepetition(body: Body): void {
  getWord(body, 'pc');
  getWide(body, 'REPEATED_PC').op('i64.eq');
  body.get(CAUSE_PARAM);
  getWide(body, 'REPEATED_CAUSE').op('i64.eq', 'i32.and');
  getWide(body, 'REPEATED_RETURN').i64(-1).op('i64.eq');
  getWide(body, 'REPEATED_RETURN').i64(1).op('i64.add');
  getWord(body, 'icount').op('i64.eq', 'i32.or', 'i32.and');
  body.if(
    () => setWide(body, 'REPEATED_COUNT', () => getWide(body, 'REPEATED_COUNT').i64(1).op('i64.add')),
    () => {
      setWide(body, 'REPEATED_PC', () => getWord(body, 'pc'));
      setWide(body, 'REPEATED_CAUSE', () => body.get(CAUSE_PARAM));
      setWide(body, 'REPEATED_COUNT', () => body.i64(1));
      setWide(body, 'REPEATED_SINCE', () => getWord(body, 'icount'));
    },
  );
  setWide(body, 'REPEATED_VALUE', () => body.get(TVAL_PARAM));
  setWide(body, 'REPEATED_RETURN', () => body.i64(-1));
}

/** The guest does something else than {@link countRepetition} counts. */
function endRepetition(body: Body): void {
  setWide(body, 'REPEATED_CAUSE', () => body.i64(-1));
  setWide(body, 'REPEATED_COUNT', () => body.i64(0));
}

/** Interrupts from the lowest priority to the highest. */
const byPriority = ['STI', 'SSI', 'SEI', 'MTI', 'MSI', 'MEI'] as const;

function emitInterrupts(module: ModuleBuilder, trap: FunctionRef, contexts: FunctionRef): FunctionRef {
  return module.function({ params: [], results: [] }, (body) => {
    const pending = body.local('i64');
    const chosen = body.local('i64');
    const number = body.local('i64');
    getWord(body, 'mip');
    getWord(body, 'lines').op('i64.or');
    getWord(body, 'mie').op('i64.and').tee(pending).i64(0).op('i64.ne');
    body.if(() => {
      setWord(body, 'waiting', () => body.i64(0));
      // Interrupts for M-mode take precedence over delegated ones.
      for (const mode of [modes.M, modes.S]) {
        body.get(chosen).op('i64.eqz');
        mayInterrupt(body, mode);
        body.op('i32.and');
        body.if(() => {
          getWord(body, 'mideleg');
          if (mode === modes.M) body.i64(-1).op('i64.xor');
          body.get(pending).op('i64.and').set(chosen);
        });
      }
      body.get(chosen).i64(0).op('i64.ne');
      body.if(() => {
        for (const name of byPriority) {
          body.get(chosen);
          anyOf(body, 1n << BigInt(INTERRUPT[name]));
          body.if(() => body.i64(INTERRUPT[name]).set(number));
        }
        body.get(number).i64(INTERRUPT_FLAG).op('i64.or').i64(0).call(trap);
        endRepetition(body);
      });
    });
    body.call(contexts);
  });
}

/**
 * Pushes whether a mode takes its interrupts now: in lower modes always, in itself when it has enabled them, in higher
 * ones never.
 */
function mayInterrupt(body: Body, mode: Mode): void {
  getWord(body, 'privilege').i64(mode.privilege).op('i64.lt_u');
  getWord(body, 'privilege').i64(mode.privilege).op('i64.eq');
  getWord(body, 'mstatus');
  anyOf(body, mode.IE).op('i32.and', 'i32.or');
}

/** Sets the TLB contexts of data and instructions for the present mode. */
function emitContexts(module: ModuleBuilder): FunctionRef {
  return module.function({ params: [], results: [] }, (body) => {
    const data = body.local('i32');
    const privilege = () => getWord(body, 'privilege').op('i32.wrap_i64');
    // With MPRV data is accessed as in the mode of MPP.
    getWord(body, 'mstatus').i64(11).op('i64.shr_u').i64(3).op('i64.and', 'i32.wrap_i64');
    privilege();
    getWord(body, 'mstatus');
    anyOf(body, MSTATUS.MPRV);
    privilege().i32(PRIVILEGE.M).op('i32.eq', 'i32.and', 'select').set(data);
    setScratch(body, 'DATA_PRIVILEGE', () => body.get(data));
    setScratch(body, 'DATA_TLB', () => {
      contextOf(body, () => body.get(data));
      // S-mode with SUM has a separate context, after that of S-mode without.
      getWord(body, 'mstatus');
      anyOf(body, MSTATUS.SUM);
      body.get(data).i32(PRIVILEGE.S).op('i32.eq', 'i32.and').i32(TLB_CONTEXT_BYTES).op('i32.mul', 'i32.add');
    });
    setScratch(body, 'FETCH_TLB', () => contextOf(body, privilege));
    setScratch(body, 'KEY', () => {
      getScratch(body, 'GENERATION').i32(KEY_BITS).op('i32.shl');
      // The number of the context of data, and the mode.
      getScratch(body, 'DATA_TLB')
        .i32(TLB)
        .op('i32.sub')
        .i32(TLB_CONTEXT_BYTES)
        .op('i32.div_u')
        .i32(2)
        .op('i32.shl', 'i32.or');
      privilege();
      body.op('i32.or');
    });
  });
}

/** The contexts in their order: M, S, S with SUM, U. */
function contextOf(body: Body, privilege: () => void): void {
  body.i32(TLB + 3 * TLB_CONTEXT_BYTES);
  body.i32(TLB + TLB_CONTEXT_BYTES).i32(TLB);
  privilege();
  body.i32(PRIVILEGE.S).op('i32.eq', 'select');
  privilege();
  body.op('i32.eqz', 'select');
}

function emitMret(module: ModuleBuilder): FunctionRef {
  return module.function({ params: [], results: [] }, (body) => {
    leave(body, modes.M, () => getWord(body, 'mstatus').i64(11).op('i64.shr_u').i64(3).op('i64.and'));
    // Leaving M-mode clears MPRV.
    getWord(body, 'privilege').i64(PRIVILEGE.M).op('i64.ne');
    body.if(() => setWord(body, 'mstatus', () => getWord(body, 'mstatus').i64(~MSTATUS.MPRV).op('i64.and')));
  });
}

function emitSret(module: ModuleBuilder): FunctionRef {
  return module.function({ params: [], results: [] }, (body) => {
    leave(body, modes.S, () => getWord(body, 'mstatus').i64(8).op('i64.shr_u').i64(1).op('i64.and'));
    setWord(body, 'mstatus', () => getWord(body, 'mstatus').i64(~MSTATUS.MPRV).op('i64.and'));
  });
}

/** privilege := PP, IE := PIE, PIE := 1, PP := U. */
function leave(body: Body, mode: Mode, previous: () => void): void {
  setWord(body, 'privilege', previous);
  setWord(body, 'mstatus', () => {
    getWord(body, 'mstatus')
      .i64(~(mode.IE | mode.PP))
      .op('i64.and')
      .i64(mode.PIE)
      .op('i64.or');
    getWord(body, 'mstatus').i64(mode.PIE).op('i64.and').i64(4).op('i64.shr_u', 'i64.or');
  });
  setWord(body, 'pc', () => getWord(body, mode.epc));
  getWord(body, 'pc');
  getWide(body, 'REPEATED_PC').op('i64.eq');
  body.if(
    () => setWide(body, 'REPEATED_RETURN', () => getWord(body, 'icount')),
    () => endRepetition(body),
  );
}
