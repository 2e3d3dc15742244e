// SPDX-License-Identifier: Apache-2.0
//
// Integer work of the kinds that CoreMark is made of: lists that are sorted and searched, small matrices, a state machine that
// reads numbers, and checksums of what came out.
#include "guest.h"

static u16 crc16(u16 crc, u32 value, int bits) {
  for (int i = 0; i < bits; i++) {
    u32 bit = (crc ^ value) & 1;
    value >>= 1;
    crc >>= 1;
    if (bit) crc ^= 0xa001;
  }
  return crc;
}

// Lists.

#define ITEMS 120

struct item {
  struct item *next;
  short value;
  short index;
};

static struct item items[ITEMS];

static struct item *make_list(u32 seed) {
  for (int i = 0; i < ITEMS; i++) {
    seed = seed * 1103515245 + 12345;
    items[i].value = (short)(seed >> 16);
    items[i].index = (short)i;
    items[i].next = i + 1 < ITEMS ? &items[i + 1] : 0;
  }
  return &items[0];
}

static int by_value(const struct item *a, const struct item *b) { return a->value - b->value; }
static int by_index(const struct item *a, const struct item *b) { return a->index - b->index; }

// Merges runs that double in length until one is left.
static struct item *sort(struct item *list, int (*compare)(const struct item *, const struct item *)) {
  for (int run = 1;; run *= 2) {
    struct item *p = list, *tail = 0;
    int merges = 0;
    list = 0;
    while (p) {
      struct item *q = p;
      int left = 0, right = run;
      merges++;
      while (left < run && q) {
        left++;
        q = q->next;
      }
      while (left > 0 || (right > 0 && q)) {
        struct item *next;
        if (left == 0 || (right > 0 && q && compare(p, q) > 0)) {
          next = q;
          q = q->next;
          right--;
        } else {
          next = p;
          p = p->next;
          left--;
        }
        if (tail)
          tail->next = next;
        else
          list = next;
        tail = next;
      }
      p = q;
    }
    tail->next = 0;
    if (merges <= 1) return list;
  }
}

static struct item *reverse(struct item *list) {
  struct item *done = 0;
  while (list) {
    struct item *next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

static struct item *find(struct item *list, short index) {
  while (list && list->index != index) list = list->next;
  return list;
}

static u16 lists(u32 seed, u16 crc) {
  struct item *list = make_list(seed);
  list = sort(list, by_value);
  for (int i = 0; i < 20; i++) {
    struct item *found = find(list, (short)((seed + i * 7) % ITEMS));
    if (found) crc = crc16(crc, (u32)(found->value & 0xffff), 16);
    list = reverse(list);
  }
  list = sort(list, by_index);
  for (; list; list = list->next) crc = crc16(crc, (u32)(list->value & 0xff), 8);
  return crc;
}

// Matrices.

#define N 18

static short a[N][N], b[N][N];
static s32 c[N][N];

static u16 matrices(u32 seed, u16 crc) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      seed = seed * 1103515245 + 12345;
      a[i][j] = (short)(seed >> 20);
      b[i][j] = (short)(seed >> 24);
    }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      s32 sum = 0;
      for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      s32 sum = 0;
      for (int k = 0; k < N; k++) {
        s32 product = a[i][k] * b[k][j];
        sum += ((product >> 2) & 0xf) * ((product >> 5) & 0x7f);
      }
      c[i][j] += sum;
    }
  s32 sum = 0, last = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      sum += c[i][j] > last ? 10 : 1;
      last = c[i][j];
    }
  return crc16(crc, (u32)sum, 16);
}

// Numbers, read a character at a time.

enum state { START, SIGN, WHOLE, POINT, FRACTION, EXPONENT, SCIENTIFIC, INVALID, STATES };

static const char *const texts[] = {"5012",   "1234.500", "-110.700", "+0.64400", "5.500e+3", "-.123e-2",
                                    "-87e+832", "+0.6e-12", "T0.3e-1F", "-T.T++Tq", "1T3.4e4z", "34.0e-T^"};

static int is_digit(char ch) { return ch >= '0' && ch <= '9'; }

static enum state step(enum state state, char ch) {
  switch (state) {
    case START:
      return is_digit(ch) ? WHOLE : ch == '+' || ch == '-' ? SIGN : ch == '.' ? POINT : INVALID;
    case SIGN:
      return is_digit(ch) ? WHOLE : ch == '.' ? POINT : INVALID;
    case WHOLE:
      return is_digit(ch) ? WHOLE : ch == '.' ? FRACTION : ch == 'e' ? EXPONENT : INVALID;
    case POINT:
      return is_digit(ch) ? FRACTION : INVALID;
    case FRACTION:
      return is_digit(ch) ? FRACTION : ch == 'e' ? EXPONENT : INVALID;
    case EXPONENT:
      return is_digit(ch) || ch == '+' || ch == '-' ? SCIENTIFIC : INVALID;
    case SCIENTIFIC:
      return is_digit(ch) ? SCIENTIFIC : INVALID;
    default:
      return INVALID;
  }
}

static u16 numbers(u32 seed, u16 crc) {
  u32 ends[STATES] = {0}, passed[STATES] = {0};
  for (int i = 0; i < 40; i++) {
    enum state state = START;
    for (const char *text = texts[(seed + (u32)i) % 12]; *text && state != INVALID; text++) {
      state = step(state, *text);
      passed[state]++;
    }
    ends[state]++;
  }
  for (int i = 0; i < STATES; i++) crc = crc16(crc16(crc, ends[i], 16), passed[i], 16);
  return crc;
}

u64 work(u64 rounds) {
  u16 crc = 0;
  for (u64 round = 0; round < rounds; round++) {
    crc = lists((u32)round + crc, crc);
    crc = matrices((u32)round + crc, crc);
    crc = numbers((u32)round + crc, crc);
  }
  return crc;
}
