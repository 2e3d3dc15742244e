// SPDX-License-Identifier: Apache-2.0
//
// A picture in bytes: a blur, edges by Sobel's operator, a histogram that is evened out, and a copy at half the size.
#include "program.h"

#define WIDTH 128
#define HEIGHT 96

static u8 picture[HEIGHT][WIDTH], blurred[HEIGHT][WIDTH], edges[HEIGHT][WIDTH], half[HEIGHT / 2][WIDTH / 2];

static void draw(u64 *seed) {
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) picture[y][x] = (u8)(x + 2 * y + next(seed) % 32);
  for (int i = 0; i < 20; i++) {
    int left = (int)(next(seed) % 100), top = (int)(next(seed) % 70), shade = (int)(next(seed) % 256);
    for (int y = top; y < top + 20; y++)
      for (int x = left; x < left + 20; x++) picture[y][x] = (u8)shade;
  }
}

static void blur(void) {
  for (int y = 1; y < HEIGHT - 1; y++)
    for (int x = 1; x < WIDTH - 1; x++) {
      u32 sum = 4u * picture[y][x] + 2u * (picture[y - 1][x] + picture[y + 1][x] + picture[y][x - 1] + picture[y][x + 1]) +
                picture[y - 1][x - 1] + picture[y - 1][x + 1] + picture[y + 1][x - 1] + picture[y + 1][x + 1];
      blurred[y][x] = (u8)(sum / 16);
    }
}

static void find_edges(void) {
  for (int y = 1; y < HEIGHT - 1; y++)
    for (int x = 1; x < WIDTH - 1; x++) {
      const u8 *above = &blurred[y - 1][x], *here = &blurred[y][x], *below = &blurred[y + 1][x];
      int across = above[1] + 2 * here[1] + below[1] - above[-1] - 2 * here[-1] - below[-1];
      int down = below[-1] + 2 * below[0] + below[1] - above[-1] - 2 * above[0] - above[1];
      int strength = (across < 0 ? -across : across) + (down < 0 ? -down : down);
      edges[y][x] = (u8)(strength > 255 ? 255 : strength);
    }
}

static void even_out(void) {
  u32 histogram[256] = {0}, sum = 0;
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) histogram[picture[y][x]]++;
  for (int i = 0; i < 256; i++) histogram[i] = (sum += histogram[i]);
  must(sum == WIDTH * HEIGHT);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) picture[y][x] = (u8)(histogram[picture[y][x]] * 255 / sum);
}

static void shrink(void) {
  for (int y = 0; y < HEIGHT / 2; y++)
    for (int x = 0; x < WIDTH / 2; x++)
      half[y][x] = (u8)((picture[2 * y][2 * x] + picture[2 * y][2 * x + 1] + picture[2 * y + 1][2 * x] +
                         picture[2 * y + 1][2 * x + 1] + 2) / 4);
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    draw(&seed);
    blur();
    find_edges();
    even_out();
    shrink();
    for (int y = 0; y < HEIGHT / 2; y++) sum = sum * 31 + edges[y][y] + half[y][y];
  }
  return sum;
}
