// SPDX-License-Identifier: Apache-2.0
//
// What every program of the benchmark has: how often to do its work, a check of its results, and a source of data.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef int s32;
typedef long s64;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Does the program's work this number of times. The result depends on all of it.
u64 work(u64 rounds);

// Ends the program with a failure unless the condition holds.
void must(int condition);

// The next of a sequence of numbers that looks random, and is the same in every run.
static inline u32 next(u64 *state) {
  *state = *state * 6364136223846793005ul + 1442695040888963407ul;
  return (u32)(*state >> 33);
}

void *memcpy(void *restrict to, const void *restrict from, u64 size);
void *memset(void *to, int byte, u64 size);
int memcmp(const void *a, const void *b, u64 size);
u64 strlen(const char *text);
