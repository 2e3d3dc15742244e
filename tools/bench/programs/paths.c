// SPDX-License-Identifier: Apache-2.0
//
// Graphs: shortest paths in a random graph by Dijkstra's algorithm with a heap, checked by Bellman and Ford's condition.
#include "program.h"

#define NODES 1024
#define EDGES 4

struct edge {
  u32 to, length;
};
struct place {
  u32 distance, node;
};

static struct edge edges[NODES][EDGES];
static u32 distances[NODES];
static struct place heap[NODES * EDGES + 1];
static u64 size;

static void push(struct place one) {
  u64 at = size++;
  for (; at > 0 && heap[(at - 1) / 2].distance > one.distance; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
  heap[at] = one;
}

static struct place pop(void) {
  struct place least = heap[0], one = heap[--size];
  u64 at = 0;
  for (u64 child; (child = 2 * at + 1) < size; at = child) {
    if (child + 1 < size && heap[child + 1].distance < heap[child].distance) child++;
    if (heap[child].distance >= one.distance) break;
    heap[at] = heap[child];
  }
  heap[at] = one;
  return least;
}

static void search(u32 from) {
  for (u32 node = 0; node < NODES; node++) distances[node] = ~0u;
  distances[from] = 0;
  size = 0;
  push((struct place){0, from});
  while (size > 0) {
    struct place here = pop();
    if (here.distance > distances[here.node]) continue;
    for (int i = 0; i < EDGES; i++) {
      struct edge edge = edges[here.node][i];
      u32 distance = here.distance + edge.length;
      if (distance >= distances[edge.to]) continue;
      distances[edge.to] = distance;
      push((struct place){distance, edge.to});
    }
  }
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    for (u32 node = 0; node < NODES; node++) {
      edges[node][0] = (struct edge){(node + 1) % NODES, 500};
      for (int i = 1; i < EDGES; i++) edges[node][i] = (struct edge){next(&seed) % NODES, 1 + next(&seed) % 100};
    }
    search(next(&seed) % NODES);
    for (u32 node = 0; node < NODES; node++) {
      must(distances[node] != ~0u);
      for (int i = 0; i < EDGES; i++) must(distances[edges[node][i].to] <= distances[node] + edges[node][i].length);
      sum += distances[node];
    }
    sum *= 31;
  }
  return sum;
}
