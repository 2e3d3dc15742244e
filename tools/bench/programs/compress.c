// SPDX-License-Identifier: Apache-2.0
//
// Compression: LZ77 with a hash of four bytes for the search, in the manner of LZ4, and back.
#include "program.h"

#define SIZE 16384
#define HASHES 4096
#define LEAST 4
#define MOST (LEAST + 255)

static u8 text[SIZE], packed[2 * SIZE], unpacked[SIZE];
static u32 last[HASHES];

static u32 four(const u8 *at) { return at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24; }

// Each piece: number of literals, these, and unless the text is over, length - LEAST and distance of a copy.
static u64 pack(void) {
  u64 out = 0, begin = 0, at = 0;
  memset(last, 0, sizeof last);
  for (;;) {
    u64 length = 0, from = 0;
    if (at + LEAST <= SIZE) {
      u32 hash = four(text + at) * 2654435761u >> 20;
      from = last[hash];
      last[hash] = (u32)at + 1;
      if (from-- > 0 && at - from < 65536)
        while (length < MOST && at + length < SIZE && text[from + length] == text[at + length]) length++;
    }
    if (length < LEAST && at < SIZE && at - begin < 255) {
      at++;
      continue;
    }
    packed[out++] = (u8)(at - begin);
    while (begin < at) packed[out++] = text[begin++];
    if (at >= SIZE) return out;
    if (length < LEAST) {
      // Only literals: a copy of nothing.
      packed[out++] = 0;
      packed[out++] = 0;
      packed[out++] = 0;
      continue;
    }
    packed[out++] = (u8)(length - LEAST);
    packed[out++] = (u8)(at - from);
    packed[out++] = (u8)((at - from) >> 8);
    at += length;
    begin = at;
  }
}

static u64 unpack(u64 size) {
  u64 out = 0;
  for (u64 in = 0; in < size;) {
    for (u64 literals = packed[in++]; literals > 0; literals--) unpacked[out++] = packed[in++];
    if (in >= size) break;
    u64 length = packed[in] + LEAST, distance = packed[in + 1] | (u64)packed[in + 2] << 8;
    in += 3;
    if (distance == 0) continue;
    for (; length > 0; length--, out++) unpacked[out] = unpacked[out - distance];
  }
  return out;
}

// Words of a small vocabulary, with some noise.
static void write_text(u64 *seed) {
  static const char *const words[] = {"the ",  "primary ", "backup ", "log ",  "entry ", "output ",
                                      "is ",   "held ",    "until ",  "sent ", "and ",   "acknowledged ",
                                      "lost.", "\n",       "replay ", "of "};
  for (u64 at = 0; at < SIZE;) {
    const char *word = words[next(seed) % COUNT(words)];
    while (*word && at < SIZE) text[at++] = (u8)*word++;
    if (next(seed) % 8 == 0 && at < SIZE) text[at++] = (u8)next(seed);
  }
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    write_text(&seed);
    u64 size = pack();
    must(size < SIZE && unpack(size) == SIZE && memcmp(text, unpacked, SIZE) == 0);
    sum = sum * 31 + size;
  }
  return sum;
}
