// SPDX-License-Identifier: Apache-2.0
//
// Hashing: SHA-256 (FIPS 180-4) of messages of all lengths up to a few kilobytes.
#include "program.h"

// The first 32 bits of the fractional parts of the square and cube roots of the first primes, which are calculated.
static u32 initial[8], constants[64];

static u32 fraction_of_root(u64 prime, int degree) {
  // The largest x with x^degree <= prime * 2^(32 * degree), bit by bit.
  unsigned __int128 limit = (unsigned __int128)prime << (degree == 2 ? 64 : 96), x = 0;
  for (int bit = 36; bit >= 0; bit--) {
    unsigned __int128 y = x | (unsigned __int128)1 << bit;
    if ((degree == 2 ? y * y : y * y * y) <= limit) x = y;
  }
  return (u32)x;
}

static void prepare(void) {
  u64 primes = 0;
  for (u64 number = 2; primes < 64; number++) {
    u64 divisor = 2;
    while (divisor * divisor <= number && number % divisor != 0) divisor++;
    if (divisor * divisor <= number) continue;
    if (primes < 8) initial[primes] = fraction_of_root(number, 2);
    constants[primes++] = fraction_of_root(number, 3);
  }
}

static u32 rotated(u32 x, int by) { return x >> by | x << (32 - by); }

static void block(u32 *state, const u8 *bytes) {
  u32 w[64], v[8];
  for (int i = 0; i < 16; i++)
    w[i] = (u32)bytes[4 * i] << 24 | (u32)bytes[4 * i + 1] << 16 | (u32)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    u32 a = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
    u32 b = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  for (int i = 0; i < 8; i++) v[i] = state[i];
  for (int i = 0; i < 64; i++) {
    u32 choice = (v[4] & v[5]) ^ (~v[4] & v[6]), majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
    u32 one = v[7] + (rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25)) + choice + constants[i] + w[i];
    u32 two = (rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22)) + majority;
    for (int j = 7; j > 0; j--) v[j] = v[j - 1];
    v[4] += one;
    v[0] = one + two;
  }
  for (int i = 0; i < 8; i++) state[i] += v[i];
}

static void sha256(const u8 *message, u64 size, u32 *state) {
  u8 last[128];
  u64 whole = size / 64 * 64, rest = size - whole, padded = rest < 56 ? 64 : 128;
  for (int i = 0; i < 8; i++) state[i] = initial[i];
  for (u64 at = 0; at < whole; at += 64) block(state, message + at);
  memset(last, 0, padded);
  memcpy(last, message + whole, rest);
  last[rest] = 0x80;
  for (int i = 0; i < 8; i++) last[padded - 1 - i] = (u8)(size * 8 >> 8 * i);
  for (u64 at = 0; at < padded; at += 64) block(state, last + at);
}

u64 work(u64 rounds) {
  static u8 message[4096];
  u32 state[8];
  u64 seed = 1, sum = 0;
  prepare();
  sha256((const u8 *)"abc", 3, state);
  must(state[0] == 0xba7816bf && state[7] == 0xf20015ad);
  for (u64 i = 0; i < sizeof message; i++) message[i] = (u8)next(&seed);
  for (u64 round = 0; round < rounds; round++) {
    sha256(message, next(&seed) % sizeof message, state);
    memcpy(message + next(&seed) % (sizeof message - 32), state, 32);
    sum = sum * 31 + state[3];
  }
  return sum;
}
