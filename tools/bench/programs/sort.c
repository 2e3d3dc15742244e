// SPDX-License-Identifier: Apache-2.0
//
// Sorting: records by two keys with a comparison that is passed, as by qsort; and numbers by a heap.
#include "program.h"

#define RECORDS 4096

struct record {
  u32 group, number;
  u64 payload;
};

static struct record records[RECORDS], spare[RECORDS];
static u32 heap[RECORDS];

typedef int compare(const struct record *a, const struct record *b);

static int by_group(const struct record *a, const struct record *b) {
  if (a->group != b->group) return a->group < b->group ? -1 : 1;
  return a->number < b->number ? -1 : a->number > b->number;
}

static int by_payload(const struct record *a, const struct record *b) {
  return a->payload < b->payload ? -1 : a->payload > b->payload;
}

static void merge_sort(struct record *at, struct record *free, u64 count, compare *order) {
  if (count <= 8) {
    for (u64 i = 1; i < count; i++) {
      struct record one = at[i];
      u64 j = i;
      for (; j > 0 && order(&at[j - 1], &one) > 0; j--) at[j] = at[j - 1];
      at[j] = one;
    }
    return;
  }
  u64 half = count / 2;
  merge_sort(at, free, half, order);
  merge_sort(at + half, free, count - half, order);
  for (u64 i = 0; i < half; i++) free[i] = at[i];
  for (u64 to = 0, left = 0, right = half; left < half; to++)
    at[to] = right < count && order(&at[right], &free[left]) < 0 ? at[right++] : free[left++];
}

static void sift(u64 at, u64 count) {
  u32 value = heap[at];
  for (u64 child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && heap[child + 1] > heap[child]) child++;
    if (heap[child] <= value) break;
    heap[at] = heap[child];
  }
  heap[at] = value;
}

static void heap_sort(void) {
  for (u64 i = RECORDS / 2; i-- > 0;) sift(i, RECORDS);
  for (u64 end = RECORDS; --end > 0;) {
    u32 largest = heap[0];
    heap[0] = heap[end];
    heap[end] = largest;
    sift(0, end);
  }
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    for (u64 i = 0; i < RECORDS; i++) {
      records[i] = (struct record){next(&seed) % 64, next(&seed), next(&seed)};
      heap[i] = next(&seed);
    }
    merge_sort(records, spare, RECORDS, by_group);
    for (u64 i = 1; i < RECORDS; i++) must(by_group(&records[i - 1], &records[i]) <= 0);
    merge_sort(records, spare, RECORDS, by_payload);
    heap_sort();
    for (u64 i = 1; i < RECORDS; i++) must(heap[i - 1] <= heap[i]);
    sum = sum * 31 + records[RECORDS / 2].number + heap[RECORDS / 3];
  }
  return sum;
}
