// SPDX-License-Identifier: Apache-2.0
//
// The environment of a kernel's program: S-mode, and RAM under Sv39 in pages of 4 KiB, each at its own address.
#include "program.h"

#define RAM 0x80000000ul
#define RAM_BYTES (64ul << 20)
#define PAGE 4096ul

enum { V = 1, R = 2, W = 4, X = 8, A = 64, D = 128, ALL = V | R | W | X | A | D };

static u64 root[512] __attribute__((aligned(4096)));
static u64 middle[512] __attribute__((aligned(4096)));
static u64 leaves[RAM_BYTES / PAGE] __attribute__((aligned(4096)));

static u64 pte(u64 address, u64 flags) { return address >> 12 << 10 | flags; }

void supervise(void) {
  for (u64 page = 0; page < COUNT(leaves); page++) leaves[page] = pte(RAM + page * PAGE, ALL);
  for (u64 table = 0; table < COUNT(leaves) / 512; table++) middle[table] = pte((u64)&leaves[table * 512], V);
  root[RAM >> 30] = pte((u64)middle, V);
  // The finisher.
  root[0] = pte(0, V | R | W | A | D);
  __asm__ volatile(
      "csrw pmpaddr0, %[everything]\n"
      "csrw pmpcfg0, %[allowed]\n"
      "csrw satp, %[satp]\n"
      "sfence.vma\n"
      "csrc mstatus, %[mpp]\n"
      "csrs mstatus, %[supervisor]\n"
      "la t0, 1f\n"
      "csrw mepc, t0\n"
      "mret\n"
      "1:\n" ::[everything] "r"(~0ul >> 10),
      [allowed] "r"(0x1ful), [satp] "r"(8ul << 60 | (u64)root >> 12), [mpp] "r"(3ul << 11), [supervisor] "r"(1ul << 11)
      : "t0", "memory");
}
