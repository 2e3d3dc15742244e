// SPDX-License-Identifier: Apache-2.0
//
// Floating point: the fast Fourier transform of 4,096 complex numbers, and back.
#include "program.h"

#define SIZE 4096

struct complex {
  double re, im;
};

static struct complex data[SIZE], kept[SIZE], roots[SIZE / 2];

// The roots of unity, by halving angles: cos(a/2) and sin(a/2) from cos(a) and sin(a).
static void prepare(void) {
  double cosine = -1, sine = 0;
  roots[0] = (struct complex){1, 0};
  for (u64 step = SIZE / 2; step >= 1; step /= 2) {
    if (step < SIZE / 2)
      for (u64 i = 0; i < SIZE / 2; i += 2 * step)
        roots[i + step] = (struct complex){roots[i].re * cosine - roots[i].im * sine, roots[i].re * sine + roots[i].im * cosine};
    double half = __builtin_sqrt((1 + cosine) / 2);
    sine = cosine == -1 ? 1 : sine / (2 * half);
    cosine = half;
  }
}

static void transform(int back) {
  for (u64 i = 1, j = 0; i < SIZE; i++) {
    u64 bit = SIZE / 2;
    for (; j & bit; bit /= 2) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    struct complex one = data[i];
    data[i] = data[j];
    data[j] = one;
  }
  for (u64 length = 2; length <= SIZE; length *= 2)
    for (u64 start = 0; start < SIZE; start += length)
      for (u64 i = 0; i < length / 2; i++) {
        struct complex root = roots[i * (SIZE / length)], *a = &data[start + i], *b = a + length / 2;
        double sign = back ? -root.im : root.im;
        struct complex turned = {b->re * root.re - b->im * sign, b->re * sign + b->im * root.re};
        *b = (struct complex){a->re - turned.re, a->im - turned.im};
        *a = (struct complex){a->re + turned.re, a->im + turned.im};
      }
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  prepare();
  for (u64 round = 0; round < rounds; round++) {
    for (u64 i = 0; i < SIZE; i++) data[i] = kept[i] = (struct complex){next(&seed) % 1000, next(&seed) % 1000};
    transform(0);
    sum += (u64)(s64)data[1 + round % (SIZE - 1)].re;
    transform(1);
    for (u64 i = 0; i < SIZE; i++) {
      double error = data[i].re / SIZE - kept[i].re + data[i].im / SIZE - kept[i].im;
      must(error < 1e-8 && error > -1e-8);
    }
  }
  return sum;
}
