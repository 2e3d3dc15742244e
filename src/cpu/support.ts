/** Functions that the interpreter calls: traps, CSRs, memory and hashing, generated as WebAssembly. */
import { type CsrFunctions, emitCsrFunctions } from './csr-access.ts';
import {
  emitFloatFunctions,
  type FloatFunctions,
  importFloatFunctions,
  namedFloatFunctions,
} from './float/native.ts';
import { emitMmu, type Mmu, REACH } from './mmu.ts';
import { emitPageHashes } from './page-hashes.ts';
import { emitTraps, type TrapFunctions } from './traps.ts';
import { type FunctionRef, ModuleBuilder } from './wasm/module.ts';

/** The functions that the VMM provides to the generated code. */
export interface Imports {
  /** (physical address, sizeBytes) → value. Sets the `REFUSED` word on an access fault. */
  load: FunctionRef;
  /** (physical address, sizeBytes, value): as `load`. */
  store: FunctionRef;
  /** (physical address, sizeBytes): a page that is watched was written. */
  watched: FunctionRef;
  /** (va, sizeBytes, kind of access): an access to a page that is observed; an instruction before it is executed. */
  observed: FunctionRef;
  /** (page): translated instructions were overwritten. */
  codeChanged: FunctionRef;
  /** () → ticks of the guest's clock. */
  clock: FunctionRef;
  /** () → 16 random bits. */
  entropy: FunctionRef;
  /** (): `stimecmp` or `menvcfg.STCE` was written. */
  timerChanged: FunctionRef;
  /** (): an ECALL from S-mode, when the VMM implements the SBI. */
  hostCall: FunctionRef;
  /** (parcel) → the expansion of 16 bits, which is entered into the table of expansions; 0 for none. */
  expand: FunctionRef;
  /** (operation, format, rounding mode, a, b, c) → result: the soft float. Raises the flags. */
  softFloat: FunctionRef;
  /** (pc as a number): a hot jump target without a translation that can be entered. */
  jumpedTo: FunctionRef;
}

/** The functions that translated code calls. */
export interface TranslationSupport {
  reach: FunctionRef;
  floats: FloatFunctions;
}

/** All functions that the interpreter calls. */
export interface Support extends CsrFunctions, TrapFunctions, TranslationSupport {
  imports: Imports;
  mmu: Mmu;
}

/** Declares the {@link Imports} in the interpreter's module. */
export function declareImports(module: ModuleBuilder): Imports {
  return {
    load: module.importFunction('load', ['i64', 'i32'], ['i64']),
    store: module.importFunction('store', ['i64', 'i32', 'i64']),
    watched: module.importFunction('watched', ['i64', 'i32']),
    observed: module.importFunction('observed', ['i64', 'i32', 'i32']),
    codeChanged: module.importFunction('codeChanged', ['i32']),
    clock: module.importFunction('clock', [], ['i64']),
    entropy: module.importFunction('entropy', [], ['i32']),
    timerChanged: module.importFunction('timerChanged', []),
    hostCall: module.importFunction('hostCall', []),
    expand: module.importFunction('expand', ['i32'], ['i32']),
    softFloat: module.importFunction('softFloat', ['i32', 'i32', 'i32', 'i64', 'i64', 'i64'], ['i64']),
    jumpedTo: module.importFunction('jumpedTo', ['f64']),
  };
}

/**
 * The functions that translations call, in a fixed order, with their import names. The interpreter's module puts them
 * into the first places of the table instead of exporting them: most harts never translate, and each export makes
 * creating a hart slower.
 */
const named = ({ reach, floats }: TranslationSupport): [name: string, FunctionRef][] => [
  ...Object.entries({ reach }),
  ...namedFloatFunctions(floats),
];

/** The functions that translations call, in their fixed order. */
export const supportFunctions = (support: TranslationSupport): FunctionRef[] =>
  named(support).map(([, ref]) => ref);

/** A module of translations to begin with, and the functions that it imports from the interpreter's module. */
const importing = new ModuleBuilder();
const imported = importTranslationSupport(importing);

/** The names of the functions in the first places of the table. */
export const supportNames: readonly string[] = named(imported).map(([name]) => name);

/** A new module of translations, and the functions that it imports from the interpreter's module. */
export const translationModule = (): { module: ModuleBuilder; support: TranslationSupport } => ({
  module: new ModuleBuilder(importing),
  support: imported,
});

function importTranslationSupport(module: ModuleBuilder): TranslationSupport {
  return {
    reach: module.importFunction('reach', REACH.params, REACH.results),
    floats: importFloatFunctions(module),
  };
}

/** Emits the functions that the interpreter calls. */
export function emitSupport(module: ModuleBuilder, imports: Imports): Support {
  const mmu = emitMmu(module, imports);
  emitPageHashes(module, mmu.flushStores);
  return {
    imports,
    mmu,
    reach: mmu.reach,
    floats: emitFloatFunctions(module, imports.softFloat),
    ...emitTraps(module),
    ...emitCsrFunctions(module, { ...imports, flush: mmu.flush }),
  };
}
