// SPDX-License-Identifier: Apache-2.0
//
// A dictionary: strings in a hash table with chains that grows, and the same in a balanced tree (a treap).
#include "program.h"

#define KEYS 2048

struct entry {
  char key[16];
  u64 count;
  struct entry *chained, *left, *right;
  u32 hash, priority;
};

static struct entry entries[KEYS], *table[KEYS];
static u64 used, slots;

static u32 hash_of(const char *key) {
  u32 hash = 2166136261u;
  for (; *key; key++) hash = (hash ^ (u8)*key) * 16777619u;
  return hash;
}

static int order(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (u8)*a - (u8)*b;
}

static void grow(void) {
  slots *= 2;
  memset(table, 0, slots * sizeof *table);
  for (u64 i = 0; i < used; i++) {
    struct entry **slot = &table[entries[i].hash % slots];
    entries[i].chained = *slot;
    *slot = &entries[i];
  }
}

// The entry of a key; a new one if there is none.
static struct entry *look_up(const char *key) {
  u32 hash = hash_of(key);
  for (struct entry *one = table[hash % slots]; one; one = one->chained)
    if (one->hash == hash && order(one->key, key) == 0) return one;
  if (used >= slots && slots < KEYS) grow();
  must(used < KEYS);
  struct entry *made = &entries[used++];
  *made = (struct entry){.hash = hash, .chained = table[hash % slots]};
  for (u64 i = 0; key[i]; i++) made->key[i] = key[i];
  return table[hash % slots] = made;
}

static struct entry *insert(struct entry *root, struct entry *made) {
  if (!root) return made;
  if (order(made->key, root->key) < 0) {
    struct entry *child = root->left = insert(root->left, made);
    if (child->priority <= root->priority) return root;
    root->left = child->right;
    child->right = root;
    return child;
  }
  struct entry *child = root->right = insert(root->right, made);
  if (child->priority <= root->priority) return root;
  root->right = child->left;
  child->left = root;
  return child;
}

static const char *last;

static u64 in_order(const struct entry *root) {
  if (!root) return 0;
  u64 sum = in_order(root->left);
  must(order(last, root->key) < 0);
  last = root->key;
  sum = sum * 31 + root->count;
  return sum ^ in_order(root->right);
}

static void write_key(u64 *seed, char *key) {
  // Some are frequent, as words are.
  u32 number = next(seed) % (1u << next(seed) % 11);
  *key++ = 'k';
  do *key++ = (char)('a' + number % 7);
  while ((number /= 7) > 0);
  *key = 0;
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    used = 0;
    slots = 8;
    memset(table, 0, slots * sizeof *table);
    struct entry *root = 0;
    u64 total = 0;
    for (int i = 0; i < 4096; i++) {
      char key[16];
      write_key(&seed, key);
      struct entry *one = look_up(key);
      if (one->count++ > 0) continue;
      one->priority = next(&seed);
      root = insert(root, one);
    }
    for (u64 i = 0; i < used; i++) total += entries[i].count;
    must(total == 4096);
    last = "";
    sum = sum * 31 + in_order(root);
  }
  return sum;
}
