// SPDX-License-Identifier: Apache-2.0
//
// Floating point: a system of linear equations, by Gauss's elimination with the largest element as pivot.
#include "program.h"

#define SIZE 96

static double matrix[SIZE][SIZE + 1], original[SIZE][SIZE + 1], solution[SIZE];

static double absolute(double x) { return x < 0 ? -x : x; }

static void solve(void) {
  for (int column = 0; column < SIZE; column++) {
    int pivot = column;
    for (int row = column + 1; row < SIZE; row++)
      if (absolute(matrix[row][column]) > absolute(matrix[pivot][column])) pivot = row;
    for (int i = column; i <= SIZE; i++) {
      double one = matrix[column][i];
      matrix[column][i] = matrix[pivot][i];
      matrix[pivot][i] = one;
    }
    for (int row = column + 1; row < SIZE; row++) {
      double factor = matrix[row][column] / matrix[column][column];
      for (int i = column; i <= SIZE; i++) matrix[row][i] -= factor * matrix[column][i];
    }
  }
  for (int row = SIZE; row-- > 0;) {
    double value = matrix[row][SIZE];
    for (int i = row + 1; i < SIZE; i++) value -= matrix[row][i] * solution[i];
    solution[row] = value / matrix[row][row];
  }
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    for (int row = 0; row < SIZE; row++)
      for (int i = 0; i <= SIZE; i++) matrix[row][i] = original[row][i] = (double)(next(&seed) % 2001) - 1000;
    solve();
    for (int row = 0; row < SIZE; row++) {
      double error = -original[row][SIZE];
      for (int i = 0; i < SIZE; i++) error += original[row][i] * solution[i];
      must(absolute(error) < 1e-3);
    }
    sum = sum * 31 + (u64)(s64)(solution[0] * 1e3);
  }
  return sum;
}
