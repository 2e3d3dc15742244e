// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions: patterns with . * + ? | ( ) and sets, matched by backtracking through a tree of small functions.
#include "program.h"

enum kind { CHARACTER, ANY, SET, SEQUENCE, CHOICE, REPEAT };

struct node {
  enum kind kind;
  u8 least, most, character;
  u32 set[8];
  struct node *first, *second;
};

static struct node nodes[64];
static u64 used;
static const char *in;

static struct node *make(enum kind kind, struct node *first, struct node *second) {
  must(used < COUNT(nodes));
  struct node *node = &nodes[used++];
  *node = (struct node){.kind = kind, .first = first, .second = second};
  return node;
}

static struct node *choice(void);

static struct node *atom(void) {
  if (*in == '(') {
    in++;
    struct node *inner = choice();
    must(*in++ == ')');
    return inner;
  }
  if (*in == '[') {
    struct node *set = make(SET, 0, 0);
    for (in++; *in != ']'; in++) {
      u8 from = (u8)*in, to = from;
      if (in[1] == '-' && in[2] != ']') to = (u8) * (in += 2);
      for (u32 c = from; c <= to; c++) set->set[c / 32] |= 1u << c % 32;
    }
    in++;
    return set;
  }
  struct node *one = make(*in == '.' ? ANY : CHARACTER, 0, 0);
  one->character = (u8)*in++;
  return one;
}

static struct node *repeated(void) {
  struct node *one = atom();
  while (*in == '*' || *in == '+' || *in == '?') {
    struct node *repeat = make(REPEAT, one, 0);
    repeat->least = *in == '+';
    repeat->most = *in == '?' ? 1 : 255;
    one = repeat;
    in++;
  }
  return one;
}

static struct node *sequence(void) {
  struct node *one = repeated();
  return *in && *in != '|' && *in != ')' ? make(SEQUENCE, one, sequence()) : one;
}

static struct node *choice(void) {
  struct node *one = sequence();
  if (*in != '|') return one;
  in++;
  return make(CHOICE, one, choice());
}

// What is still to match: a node, or one that was repeated `count` times, the last of them from `since` on.
struct rest {
  const struct node *node;
  int count;
  const char *since;
  const struct rest *after;
};

static const char *match(const struct node *node, const char *text, const struct rest *rest);
static const char *repeat(const struct node *node, int count, const char *text, const struct rest *rest);

static const char *go_on(const char *text, const struct rest *rest) {
  if (!rest) return text;
  if (rest->count == 0) return match(rest->node, text, rest->after);
  // A repetition of nothing would never end.
  return rest->since == text ? 0 : repeat(rest->node, rest->count, text, rest->after);
}

static const char *repeat(const struct node *node, int count, const char *text, const struct rest *rest) {
  if (count < node->most) {
    const struct rest again = {node, count + 1, text, rest};
    const char *end = match(node->first, text, &again);
    if (end) return end;
  }
  return count >= node->least ? go_on(text, rest) : 0;
}

// The end of the match, or 0.
static const char *match(const struct node *node, const char *text, const struct rest *rest) {
  u8 c = (u8)*text;
  switch (node->kind) {
    case CHARACTER: return c == node->character ? go_on(text + 1, rest) : 0;
    case ANY: return c ? go_on(text + 1, rest) : 0;
    case SET: return node->set[c / 32] >> c % 32 & 1 ? go_on(text + 1, rest) : 0;
    case SEQUENCE: {
      const struct rest then = {node->second, 0, 0, rest};
      return match(node->first, text, &then);
    }
    case CHOICE: {
      const char *end = match(node->first, text, rest);
      return end ? end : match(node->second, text, rest);
    }
    case REPEAT: return repeat(node, 0, text, rest);
  }
  return 0;
}

static const struct node *compile(const char *pattern) {
  used = 0;
  in = pattern;
  const struct node *root = choice();
  must(*in == 0);
  return root;
}

// The number of matches, and the sum of their lengths in `total`.
static u64 count(const char *pattern, const char *text, u64 *total) {
  const struct node *root = compile(pattern);
  u64 matches = 0;
  while (*text) {
    const char *end = match(root, text, 0);
    if (end && end > text) {
      matches++;
      *total += (u64)(end - text);
      text = end;
    } else text++;
  }
  return matches;
}

u64 work(u64 rounds) {
  static const char *const patterns[] = {"[a-z]+@[a-z]+[.](com|org|net)", "(primary|backup)[0-9]*", "[0-9]+ms|[0-9]+us",
                                         "(a|b)*abb", "e.*e [a-z]+",                            "x?y?z+w"};
  static const char *const words[] = {"primary ", "backup2 ", "17ms ", "someone@example.org ", "ababababb ", "zzzw ",
                                      "held ",    "the ",     "3us ",  "nobody@there ",        "entry "};
  static char text[2048];
  u64 seed = 1, sum = 0, total = 0;
  must(count("(a|b)*abb", "ababbaabbz", &total) == 1 && total == 9);
  for (u64 round = 0; round < rounds; round++) {
    char *out = text;
    while (out < text + sizeof text - 32)
      for (const char *word = words[next(&seed) % COUNT(words)]; *word; word++) *out++ = *word;
    *out = 0;
    for (u64 i = 0; i < COUNT(patterns); i++) sum = sum * 31 + count(patterns[i], text, &total) + total;
  }
  return sum;
}
