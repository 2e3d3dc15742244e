// SPDX-License-Identifier: Apache-2.0
//
// Work that waits for memory: sums, copies, and a walk through 8 MiB in an order that no cache foresees.
#include "guest.h"

#define WORDS (1 << 20)

static u64 from[WORDS], to[WORDS];

u64 work(u64 rounds) {
  u64 sum = 0, seed = 1;
  for (u64 i = 0; i < WORDS; i++) from[i] = seed = seed * 6364136223846793005ul + 1442695040888963407ul;
  for (u64 round = 0; round < rounds; round++) {
    for (u64 i = 0; i < WORDS; i++) sum += from[i];
    for (u64 i = 0; i < WORDS; i++) to[i] = from[i] ^ sum;
    for (u64 i = 0, at = round; i < WORDS / 16; i++) {
      at = (at * 5 + to[at % WORDS]) % WORDS;
      sum += at;
    }
  }
  return sum;
}
