// SPDX-License-Identifier: Apache-2.0
//
// Functions that the compiler calls by itself, or that C programs expect.
#include "program.h"

void *memcpy(void *restrict to, const void *restrict from, u64 size) {
  u8 *out = to;
  const u8 *in = from;
  for (; size >= 8 && ((u64)out & 7) == 0 && ((u64)in & 7) == 0; size -= 8, out += 8, in += 8)
    *(u64 *)out = *(const u64 *)in;
  while (size-- > 0) *out++ = *in++;
  return to;
}

void *memset(void *to, int byte, u64 size) {
  for (u8 *out = to; size-- > 0;) *out++ = (u8)byte;
  return to;
}

int memcmp(const void *a, const void *b, u64 size) {
  const u8 *one = a, *other = b;
  for (u64 i = 0; i < size; i++)
    if (one[i] != other[i]) return one[i] - other[i];
  return 0;
}

u64 strlen(const char *text) {
  u64 length = 0;
  while (text[length]) length++;
  return length;
}
