// SPDX-License-Identifier: Apache-2.0
//
// Search: sudokus by trying, the cell with the fewest candidates first, as bit sets; those that are too hard are given up.
#include "program.h"

#define MOST_TRIED 5000

static u16 rows[9], columns[9], boxes[9];
static u8 cells[81];

static int box_of(int row, int column) { return row / 3 * 3 + column / 3; }

static u16 candidates(int cell) {
  int row = cell / 9, column = cell % 9;
  return (u16)(~(rows[row] | columns[column] | boxes[box_of(row, column)]) & 0x1ff);
}

static void flip(int cell, u16 digit) {
  int row = cell / 9, column = cell % 9;
  rows[row] ^= digit;
  columns[column] ^= digit;
  boxes[box_of(row, column)] ^= digit;
}

static u64 tried;

static int solve(void) {
  int best = -1, fewest = 10;
  for (int cell = 0; cell < 81; cell++) {
    if (cells[cell]) continue;
    int count = __builtin_popcount(candidates(cell));
    if (count >= fewest) continue;
    fewest = count;
    best = cell;
  }
  if (best < 0) return 1;
  for (u16 left = candidates(best); left && tried < MOST_TRIED; left &= (u16)(left - 1)) {
    u16 digit = left & (u16)-left;
    tried++;
    cells[best] = (u8)(__builtin_ctz(digit) + 1);
    flip(best, digit);
    if (solve()) return 1;
    flip(best, digit);
  }
  cells[best] = 0;
  return 0;
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    memset(rows, 0, sizeof rows);
    memset(columns, 0, sizeof columns);
    memset(boxes, 0, sizeof boxes);
    memset(cells, 0, sizeof cells);
    tried = 0;
    // A few digits at random cells; a solution nearly always exists.
    for (int i = 0; i < 14; i++) {
      int cell = (int)(next(&seed) % 81);
      u16 free = candidates(cell), digit = (u16)(1 << next(&seed) % 9);
      if (cells[cell] || !(free & digit)) continue;
      cells[cell] = (u8)(__builtin_ctz(digit) + 1);
      flip(cell, digit);
    }
    if (solve())
      for (int i = 0; i < 9; i++) must(rows[i] == 0x1ff && columns[i] == 0x1ff && boxes[i] == 0x1ff);
    sum = sum * 31 + tried + cells[40];
  }
  return sum;
}
