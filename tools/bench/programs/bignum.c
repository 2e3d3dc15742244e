// SPDX-License-Identifier: Apache-2.0
//
// Big numbers: modular exponentiation by Montgomery's multiplication with 1,024 bits, as in RSA, checked by Fermat's theorem.
#include "program.h"

#define LIMBS 16

typedef unsigned __int128 u128;

// 2^1024 - 105 is the largest prime with 1,024 bits.
static u64 modulus[LIMBS], inverse;

// a - modulus if a >= modulus; `carry`: a has one bit more.
static void reduce(u64 *a, u64 carry) {
  u64 difference[LIMBS], borrow = 0;
  for (int i = 0; i < LIMBS; i++) {
    u128 d = (u128)a[i] - modulus[i] - borrow;
    difference[i] = (u64)d;
    borrow = (u64)(d >> 64) & 1;
  }
  if (carry >= borrow)
    for (int i = 0; i < LIMBS; i++) a[i] = difference[i];
}

// a * b / 2^1024 modulo the modulus.
static void multiply(u64 *result, const u64 *a, const u64 *b) {
  u64 t[LIMBS + 2] = {0};
  for (int i = 0; i < LIMBS; i++) {
    u64 carry = 0;
    for (int j = 0; j < LIMBS; j++) {
      u128 sum = (u128)a[i] * b[j] + t[j] + carry;
      t[j] = (u64)sum;
      carry = (u64)(sum >> 64);
    }
    u128 top = (u128)t[LIMBS] + carry;
    t[LIMBS] = (u64)top;
    t[LIMBS + 1] = (u64)(top >> 64);
    u64 factor = t[0] * inverse;
    carry = (u64)(((u128)factor * modulus[0] + t[0]) >> 64);
    for (int j = 1; j < LIMBS; j++) {
      u128 sum = (u128)factor * modulus[j] + t[j] + carry;
      t[j - 1] = (u64)sum;
      carry = (u64)(sum >> 64);
    }
    top = (u128)t[LIMBS] + carry;
    t[LIMBS - 1] = (u64)top;
    t[LIMBS] = t[LIMBS + 1] + (u64)(top >> 64);
  }
  for (int i = 0; i < LIMBS; i++) result[i] = t[i];
  reduce(result, t[LIMBS]);
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0, one[LIMBS] = {0}, base[LIMBS], power[LIMBS], exponent[LIMBS];
  for (int i = 0; i < LIMBS; i++) modulus[i] = ~0ul;
  modulus[0] = -105ul;
  // -1 / modulus modulo 2^64, by Newton's method.
  inverse = 1;
  for (int i = 0; i < 6; i++) inverse *= 2 - modulus[0] * inverse;
  inverse = -inverse;
  // 2^1024 modulo the modulus stands for 1.
  one[0] = 105;
  memcpy(exponent, modulus, sizeof exponent);
  exponent[0]--;
  for (u64 round = 0; round < rounds; round++) {
    for (int i = 0; i < LIMBS; i++) base[i] = (u64)next(&seed) << 32 | next(&seed);
    memcpy(power, one, sizeof power);
    for (int bit = 64 * LIMBS; bit-- > 0;) {
      multiply(power, power, power);
      if (exponent[bit / 64] >> bit % 64 & 1) multiply(power, power, base);
      if (bit == 512) sum = sum * 31 + power[0];
    }
    must(memcmp(power, one, sizeof power) == 0);
  }
  return sum;
}
