// SPDX-License-Identifier: Apache-2.0
//
// Error correction as in QR codes: Reed-Solomon over GF(256), whose errors are found and mended.
#include "program.h"

#define DATA 120
#define PARITY 16
#define SIZE (DATA + PARITY)

static u8 power[512], logarithm[256], generator[PARITY + 1], word[SIZE], sent[SIZE];

static u8 times(u8 a, u8 b) { return a && b ? power[logarithm[a] + logarithm[b]] : 0; }
static u8 inverse(u8 a) { return power[255 - logarithm[a]]; }

static void prepare(void) {
  u32 x = 1;
  for (int i = 0; i < 255; i++) {
    power[i] = power[i + 255] = (u8)x;
    logarithm[x] = (u8)i;
    x = x << 1 ^ (x & 128 ? 0x11d : 0);
  }
  memset(generator, 0, sizeof generator);
  generator[0] = 1;
  for (int root = 0; root < PARITY; root++)
    for (int i = root + 1; i > 0; i--) generator[i] ^= times(generator[i - 1], power[root]);
}

static void encode(void) {
  memset(word + DATA, 0, PARITY);
  for (int i = 0; i < DATA; i++) {
    u8 factor = word[i] ^ word[DATA];
    for (int j = 0; j < PARITY; j++)
      word[DATA + j] = (u8)((j + 1 < PARITY ? word[DATA + j + 1] : 0) ^ times(factor, generator[j + 1]));
  }
}

static u8 value_at(const u8 *polynomial, int degree, u8 x) {
  u8 sum = 0;
  for (int i = degree; i >= 0; i--) sum = times(sum, x) ^ polynomial[i];
  return sum;
}

// Mends up to PARITY / 2 wrong bytes, by the algorithms of Berlekamp and Massey, Chien, and Forney.
static void correct(void) {
  u8 syndromes[PARITY], locator[PARITY + 1] = {1}, before[PARITY + 1] = {1}, evaluator[PARITY] = {0};
  for (int i = 0; i < PARITY; i++) {
    syndromes[i] = 0;
    for (int j = 0; j < SIZE; j++) syndromes[i] = times(syndromes[i], power[i]) ^ word[j];
  }
  int errors = 0, since = 1;
  u8 last = 1;
  for (int i = 0; i < PARITY; i++, since++) {
    u8 difference = syndromes[i];
    for (int j = 1; j <= errors; j++) difference ^= times(locator[j], syndromes[i - j]);
    if (!difference) continue;
    u8 kept[PARITY + 1], factor = times(difference, inverse(last));
    memcpy(kept, locator, sizeof kept);
    for (int j = since; j <= PARITY; j++) locator[j] ^= times(factor, before[j - since]);
    if (2 * errors > i) continue;
    errors = i + 1 - errors;
    memcpy(before, kept, sizeof before);
    last = difference;
    since = 0;
  }
  for (int i = 0; i < PARITY; i++)
    for (int j = 0; j <= i; j++) evaluator[i] ^= times(syndromes[i - j], locator[j]);
  for (int at = 0; at < SIZE; at++) {
    int exponent = SIZE - 1 - at;
    u8 root = power[(255 - exponent) % 255], slope = 0;
    if (value_at(locator, errors, root)) continue;
    for (int i = 1; i <= errors; i += 2) slope ^= times(locator[i], power[logarithm[root] * (i - 1) % 255]);
    word[at] ^= times(power[exponent], times(value_at(evaluator, PARITY - 1, root), inverse(slope)));
  }
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  prepare();
  for (u64 round = 0; round < rounds; round++) {
    for (int i = 0; i < DATA; i++) word[i] = (u8)next(&seed);
    encode();
    memcpy(sent, word, SIZE);
    for (u64 i = 0; i < round % (PARITY / 2 + 1); i++) word[next(&seed) % SIZE] ^= (u8)next(&seed);
    correct();
    must(memcmp(word, sent, SIZE) == 0);
    sum = sum * 31 + word[SIZE - 1];
  }
  return sum;
}
