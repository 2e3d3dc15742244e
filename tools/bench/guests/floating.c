// SPDX-License-Identifier: Apache-2.0
//
// Floating-point work in double precision: planets that attract each other, and a product of matrices.
#include "guest.h"

#define BODIES 5
#define N 24

static double x[BODIES][3], v[BODIES][3], mass[BODIES];
static double a[N][N], b[N][N], c[N][N];

static void move(double step) {
  for (int i = 0; i < BODIES; i++)
    for (int j = i + 1; j < BODIES; j++) {
      double d[3], square = 0.01;
      for (int k = 0; k < 3; k++) {
        d[k] = x[i][k] - x[j][k];
        square += d[k] * d[k];
      }
      double magnitude = step / (square * __builtin_sqrt(square));
      for (int k = 0; k < 3; k++) {
        v[i][k] -= d[k] * mass[j] * magnitude;
        v[j][k] += d[k] * mass[i] * magnitude;
      }
    }
  for (int i = 0; i < BODIES; i++)
    for (int k = 0; k < 3; k++) x[i][k] += step * v[i][k];
}

static double product(void) {
  double trace = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      double sum = 0;
      for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  for (int i = 0; i < N; i++) trace += c[i][i];
  return trace;
}

u64 work(u64 rounds) {
  for (int i = 0; i < BODIES; i++) {
    mass[i] = 1.0 / (1 + i);
    for (int k = 0; k < 3; k++) {
      x[i][k] = (double)((i * 7 + k * 3) % 11) - 5;
      v[i][k] = (double)((i * 5 + k) % 7) / 10 - 0.3;
    }
  }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i][j] = 1.0 / (i + j + 1);
      b[i][j] = (double)(i * j % 13) / 7;
    }
  double sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    for (int i = 0; i < 200; i++) move(0.001);
    a[round % N][0] += x[0][0] / 1000;
    sum += product();
  }
  union {
    double number;
    u64 bits;
  } result = {sum + x[1][1]};
  return result.bits;
}
