// SPDX-License-Identifier: Apache-2.0
//
// Work that is calls and returns: Fibonacci's numbers, Ackermann's function, and the towers of Hanoi.
#include "guest.h"

static u64 __attribute__((noinline)) fibonacci(u64 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static u64 __attribute__((noinline)) ackermann(u64 m, u64 n) {
  return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static u64 moves[3][3];

static void __attribute__((noinline)) hanoi(int height, int from, int to, int other) {
  if (height == 0) return;
  hanoi(height - 1, from, other, to);
  moves[from][to]++;
  hanoi(height - 1, other, to, from);
}

u64 work(u64 rounds) {
  u64 sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    sum += fibonacci(20 + round % 3);
    sum += ackermann(2, 50 + round % 5);
    hanoi(12, 0, 1 + (int)(round % 2), 2 - (int)(round % 2));
    sum += moves[0][1];
  }
  return sum;
}
