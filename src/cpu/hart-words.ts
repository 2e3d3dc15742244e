/** Access of generated functions to the hart's state and the scratch words. */
import { type HartWord, offsetOf, SCRATCH_WORDS } from './layout.ts';
import type { Body } from './wasm/module.ts';

type WideWord =
  | 'FAULT_VALUE'
  | 'RAM_BYTES'
  | 'FETCH_START'
  | 'FETCH_BYTES'
  | 'LIMIT'
  | 'SINK'
  | `REPEATED_${'PC' | 'CAUSE' | 'VALUE' | 'COUNT' | 'SINCE' | 'RETURN'}`;
/** The name of a scratch word of 32 bits. */
export type ScratchWord = Exclude<keyof typeof SCRATCH_WORDS, WideWord>;

/** Pushes a 64-bit word of hart state. */
export const getWord = (body: Body, word: HartWord): Body => body.i32(0).access('i64.load', offsetOf(word));

/** Sets a word of hart state to what `value` pushes. */
export const setWord = (body: Body, word: HartWord, value: () => void): Body => {
  body.i32(0);
  value();
  return body.access('i64.store', offsetOf(word));
};

/** Pushes a 32-bit scratch word. */
export const getScratch = (body: Body, word: ScratchWord): Body =>
  body.i32(0).access('i32.load', SCRATCH_WORDS[word]);

/** Sets a scratch word to what `value` pushes. */
export const setScratch = (body: Body, word: ScratchWord, value: () => void): Body => {
  body.i32(0);
  value();
  return body.access('i32.store', SCRATCH_WORDS[word]);
};

/** Pushes a scratch word of 64 bits. */
export const getWide = (body: Body, word: WideWord): Body =>
  body.i32(0).access('i64.load', SCRATCH_WORDS[word]);
/** Sets a scratch word of 64 bits to what `value` pushes. */
export const setWide = (body: Body, word: WideWord, value: () => void): Body => {
  body.i32(0);
  value();
  return body.access('i64.store', SCRATCH_WORDS[word]);
};

/** Pushes whether any of the bits is set in the 64-bit value on the stack. */
export const anyOf = (body: Body, bits: bigint): Body => body.i64(bits).op('i64.and').i64(0).op('i64.ne');
