// SPDX-License-Identifier: Apache-2.0
//
// Work under Sv39 that touches more pages than a TLB holds, and changes its page tables as it goes: in S-mode, with pages of 4 KiB.
#include "guest.h"

#define PAGES 2048
#define WINDOW 0x40000000ul

enum { V = 1, R = 2, W = 4, X = 8, A = 64, D = 128 };

static u64 root[512] __attribute__((aligned(4096)));
static u64 middle[512] __attribute__((aligned(4096)));
static u64 leaves[PAGES] __attribute__((aligned(4096)));
static u64 pages[PAGES][512] __attribute__((aligned(4096)));

static u64 pte(const void *page, u64 flags) { return (u64)page >> 12 << 10 | flags; }

static void build(void) {
  // RAM where it is, in one page of 1 GiB; a window of small pages below it.
  root[2] = pte((void *)0x80000000ul, V | R | W | X | A | D);
  root[WINDOW >> 30] = pte(middle, V);
  for (int i = 0; i < PAGES / 512; i++) middle[i] = pte(&leaves[i * 512], V);
  for (int i = 0; i < PAGES; i++) leaves[i] = pte(pages[i], V | R | W | A | D);
}

static void enter_supervisor(void) {
  u64 satp = 8ul << 60 | (u64)root >> 12;
  u64 mpp = 3ul << 11, supervisor = 1ul << 11;
  __asm__ volatile(
      "csrw pmpaddr0, %[all]\n"
      "csrw pmpcfg0, %[rwx]\n"
      "csrw satp, %[satp]\n"
      "sfence.vma\n"
      "csrc mstatus, %[mpp]\n"
      "csrs mstatus, %[supervisor]\n"
      "la t0, 1f\n"
      "csrw mepc, t0\n"
      "mret\n"
      "1:\n" ::[all] "r"(~0ul >> 10),
      [rwx] "r"(0x1ful), [satp] "r"(satp), [mpp] "r"(mpp), [supervisor] "r"(supervisor)
      : "t0", "memory");
}

u64 work(u64 rounds) {
  build();
  // The finisher, for the end.
  root[0] = pte(0, V | R | W | A | D);
  enter_supervisor();
  volatile u64 *window = (volatile u64 *)WINDOW;
  u64 sum = 0, at = 0;
  for (u64 round = 0; round < rounds; round++) {
    for (int i = 0; i < PAGES; i++) {
      at = (at + 1021) % PAGES;
      sum += window[at * 512 + (u64)(i & 511)]++;
    }
    // Two pages change places.
    u64 one = round % PAGES, other = sum % PAGES, kept = leaves[one];
    leaves[one] = leaves[other];
    leaves[other] = kept;
    __asm__ volatile("sfence.vma" ::: "memory");
  }
  return sum;
}
