// SPDX-License-Identifier: Apache-2.0
//
// Text: Base64 and back, checks of UTF-8, CRC-32, search by Knuth, Morris and Pratt, and distances between words.
#include "program.h"

#define SIZE 3072

static u8 bytes[SIZE], decoded[SIZE];
static char encoded[SIZE / 3 * 4 + 1];
static u32 table[256];

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(void) {
  char *out = encoded;
  for (u64 at = 0; at < SIZE; at += 3) {
    u32 group = (u32)bytes[at] << 16 | (u32)bytes[at + 1] << 8 | bytes[at + 2];
    for (int shift = 18; shift >= 0; shift -= 6) *out++ = digits[group >> shift & 63];
  }
  *out = 0;
}

static u32 digit(char c) {
  if (c >= 'A' && c <= 'Z') return (u32)(c - 'A');
  if (c >= 'a' && c <= 'z') return (u32)(c - 'a') + 26;
  if (c >= '0' && c <= '9') return (u32)(c - '0') + 52;
  return c == '+' ? 62 : 63;
}

static void decode(void) {
  u8 *out = decoded;
  for (const char *in = encoded; *in; in += 4) {
    u32 group = digit(in[0]) << 18 | digit(in[1]) << 12 | digit(in[2]) << 6 | digit(in[3]);
    for (int shift = 16; shift >= 0; shift -= 8) *out++ = (u8)(group >> shift);
  }
}

static u32 crc(const u8 *at, u64 size) {
  u32 crc = ~0u;
  while (size-- > 0) crc = table[(crc ^ *at++) & 255] ^ crc >> 8;
  return ~crc;
}

// The number of characters up to the first byte that no UTF-8 has there.
static u64 characters(const u8 *at, u64 size) {
  u64 count = 0;
  for (u64 i = 0; i < size; count++) {
    u8 first = at[i++];
    int more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    if (more < 0) return count;
    for (; more > 0; more--)
      if (i >= size || (at[i++] & 0xc0) != 0x80) return count;
  }
  return count;
}

static u64 occurrences(const char *text, const char *pattern) {
  u8 fallback[32] = {0};
  u64 length = strlen(pattern), count = 0;
  for (u64 i = 1, j = 0; i < length; i++) {
    while (j > 0 && pattern[i] != pattern[j]) j = fallback[j - 1];
    fallback[i] = (u8)(j += pattern[i] == pattern[j]);
  }
  for (u64 j = 0; *text; text++) {
    while (j > 0 && *text != pattern[j]) j = fallback[j - 1];
    j += *text == pattern[j];
    if (j < length) continue;
    count++;
    j = fallback[j - 1];
  }
  return count;
}

// The least number of characters to insert, remove or replace.
static u32 distance(const char *a, const char *b) {
  u32 row[64], length = (u32)strlen(b);
  for (u32 i = 0; i <= length; i++) row[i] = i;
  for (u32 i = 1; *a; a++, i++) {
    u32 diagonal = row[0];
    row[0] = i;
    for (u32 j = 1; j <= length; j++) {
      u32 replaced = diagonal + (*a != b[j - 1]), other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
      diagonal = row[j];
      row[j] = replaced < other ? replaced : other;
    }
  }
  return row[length];
}

u64 work(u64 rounds) {
  static const char *const words[] = {"deterministic", "determinism", "terminate", "interrupt", "interrupted", "primary"};
  u64 seed = 1, sum = 0;
  for (u32 i = 0; i < 256; i++) {
    table[i] = i;
    for (int bit = 0; bit < 8; bit++) table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
  }
  must(crc((const u8 *)"123456789", 9) == 0xcbf43926u);
  must(distance("kitten", "sitting") == 3);
  for (u64 round = 0; round < rounds; round++) {
    for (u64 i = 0; i < SIZE; i++) bytes[i] = next(&seed) % 64 == 0 ? (u8)next(&seed) : (u8)(next(&seed) % 2 ? 'a' : 'b');
    encode();
    decode();
    must(memcmp(bytes, decoded, SIZE) == 0);
    sum = sum * 31 + crc(bytes, SIZE) + occurrences(encoded, "YWFh");
    for (u64 at = 0; at < SIZE; at++) at += characters(bytes + at, SIZE - at), sum++;
    for (u64 i = 0; i < COUNT(words); i++)
      for (u64 j = 0; j < COUNT(words); j++) sum += distance(words[i], words[j]);
  }
  return sum;
}
