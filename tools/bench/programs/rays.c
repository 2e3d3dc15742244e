// SPDX-License-Identifier: Apache-2.0
//
// Floating point with branches: a picture of spheres with a light, shadows and reflections, by following rays.
#include "program.h"

#define SPHERES 12
#define WIDTH 48
#define HEIGHT 32

struct vector {
  double x, y, z;
};
struct sphere {
  struct vector center;
  double radius, shine;
};

static struct sphere spheres[SPHERES];

static struct vector plus(struct vector a, struct vector b, double times) {
  return (struct vector){a.x + b.x * times, a.y + b.y * times, a.z + b.z * times};
}
static double dot(struct vector a, struct vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static struct vector normal(struct vector a) { return plus((struct vector){0, 0, 0}, a, 1 / __builtin_sqrt(dot(a, a))); }

// The distance to the nearest sphere, which `hit` receives; negative without one.
static double nearest(struct vector from, struct vector along, const struct sphere **hit) {
  double best = -1;
  for (int i = 0; i < SPHERES; i++) {
    struct vector to = plus(spheres[i].center, from, -1);
    double middle = dot(to, along), square = spheres[i].radius * spheres[i].radius - dot(to, to) + middle * middle;
    if (square < 0) continue;
    double distance = middle - __builtin_sqrt(square);
    if (distance < 1e-6 || (best >= 0 && distance >= best)) continue;
    best = distance;
    *hit = &spheres[i];
  }
  return best;
}

static double brightness(struct vector from, struct vector along, int depth) {
  static const struct vector light = {0.6, 0.64, -0.48};
  const struct sphere *hit = 0, *shade = 0;
  double distance = nearest(from, along, &hit);
  if (distance < 0) return 0.2 + 0.2 * along.y;
  struct vector at = plus(from, along, distance), up = normal(plus(at, hit->center, -1));
  double direct = dot(up, light);
  if (direct < 0 || nearest(at, light, &shade) >= 0) direct = 0;
  double mirrored = depth > 0 ? brightness(at, plus(along, up, -2 * dot(along, up)), depth - 1) : 0;
  return (0.1 + 0.9 * direct) * (1 - hit->shine) + mirrored * hit->shine;
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    for (int i = 0; i < SPHERES; i++)
      spheres[i] = (struct sphere){{next(&seed) % 80 * 0.1 - 4, next(&seed) % 60 * 0.1 - 3, 5 + next(&seed) % 60 * 0.1},
                                   0.3 + next(&seed) % 10 * 0.1,
                                   next(&seed) % 8 * 0.1};
    for (int y = 0; y < HEIGHT; y++)
      for (int x = 0; x < WIDTH; x++) {
        struct vector along = normal((struct vector){(x - WIDTH / 2) / 24.0, (HEIGHT / 2 - y) / 24.0, 1});
        double value = brightness((struct vector){0, 0, 0}, along, 3);
        must(value >= -1 && value <= 2);
        sum = sum * 31 + (u64)(s64)(value * 255);
      }
  }
  return sum;
}
