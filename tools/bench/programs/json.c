// SPDX-License-Identifier: Apache-2.0
//
// JSON: writes a document, parses it into a tree, looks values up by path, and writes it again.
#include "program.h"

enum kind { NUMBER, TEXT, LIST, OBJECT };

struct value {
  enum kind kind;
  s64 number;
  const char *key, *text;
  struct value *first, *following;
};

static char document[65536], again[65536];
static u8 memory[1 << 19];
static u64 used;

static void *allocate(u64 size) {
  void *at = memory + used;
  used += (size + 15) & ~15ul;
  must(used <= sizeof memory);
  return at;
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

static char *put_text(char *out, const char *text) {
  *out++ = '"';
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') *out++ = '\\';
    *out++ = *text;
  }
  *out++ = '"';
  return out;
}

static char *put_number(char *out, s64 number) {
  char digits[24];
  int count = 0;
  if (number < 0) *out++ = '-';
  u64 left = number < 0 ? -(u64)number : (u64)number;
  do digits[count++] = (char)('0' + left % 10);
  while ((left /= 10) > 0);
  while (count > 0) *out++ = digits[--count];
  return out;
}

static char *put(char *out, const struct value *value) {
  if (value->kind == NUMBER) return put_number(out, value->number);
  if (value->kind == TEXT) return put_text(out, value->text);
  *out++ = value->kind == LIST ? '[' : '{';
  for (const struct value *one = value->first; one; one = one->following) {
    if (one != value->first) *out++ = ',';
    if (value->kind == OBJECT) {
      out = put_text(out, one->key);
      *out++ = ':';
    }
    out = put(out, one);
  }
  *out++ = value->kind == LIST ? ']' : '}';
  return out;
}

// ── Parsing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

static const char *in;

static void skip(void) {
  while (*in == ' ' || *in == '\n') in++;
}

static const char *parse_text(void) {
  must(*in++ == '"');
  const char *end = in;
  while (*end != '"') end += *end == '\\' ? 2 : 1;
  char *text = allocate((u64)(end - in) + 1), *out = text;
  for (; in < end; in++) {
    if (*in == '\\') in++;
    *out++ = *in;
  }
  *out = 0;
  in = end + 1;
  return text;
}

static struct value *parse(void) {
  struct value *value = allocate(sizeof *value);
  *value = (struct value){0};
  skip();
  if (*in == '"') {
    value->kind = TEXT;
    value->text = parse_text();
  } else if (*in == '[' || *in == '{') {
    char close = *in == '[' ? ']' : '}';
    value->kind = *in++ == '[' ? LIST : OBJECT;
    struct value **place = &value->first;
    for (skip(); *in != close; skip()) {
      if (*in == ',') in++;
      skip();
      const char *key = 0;
      if (value->kind == OBJECT) {
        key = parse_text();
        skip();
        must(*in++ == ':');
      }
      *place = parse();
      (*place)->key = key;
      place = &(*place)->following;
    }
    in++;
  } else {
    value->kind = NUMBER;
    int negative = *in == '-';
    if (negative) in++;
    must(*in >= '0' && *in <= '9');
    while (*in >= '0' && *in <= '9') value->number = value->number * 10 + (*in++ - '0');
    if (negative) value->number = -value->number;
  }
  return value;
}

static int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static const struct value *field(const struct value *object, const char *key) {
  for (const struct value *one = object->first; one; one = one->following)
    if (same(one->key, key)) return one;
  return 0;
}

// ── A document ───────────────────────────────────────────────────────────────────────────────────────────────────────

static char *put_raw(char *out, const char *text) {
  while (*text) *out++ = *text++;
  return out;
}

static void write_document(u64 *seed) {
  static const char *const names[] = {"primary", "backup", "spare", "a \"quoted\" name", "back\\slash"};
  char *out = put_raw(document, "{ \"hosts\": [");
  for (int host = 0; host < 200; host++) {
    if (host > 0) *out++ = ',';
    out = put_raw(out, "\n  { \"name\": ");
    out = put_text(out, names[next(seed) % COUNT(names)]);
    out = put_raw(out, ", \"steps\": ");
    out = put_number(out, (s64)next(seed) - (1 << 30));
    out = put_raw(out, ", \"lag\": [");
    for (u32 i = next(seed) % 6; i > 0; i--) {
      out = put_number(out, next(seed) % 1000);
      if (i > 1) *out++ = ',';
    }
    out = put_raw(out, "], \"state\": { \"phase\": \"live\", \"generation\": ");
    out = put_number(out, host);
    out = put_raw(out, " } }");
  }
  out = put_raw(out, "] }");
  *out = 0;
}

u64 work(u64 rounds) {
  u64 seed = 1, sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    write_document(&seed);
    used = 0;
    in = document;
    const struct value *root = parse();
    u64 generation = 0;
    for (const struct value *host = field(root, "hosts")->first; host; host = host->following) {
      must((u64)field(field(host, "state"), "generation")->number == generation++);
      sum += (u64)field(host, "steps")->number;
      for (const struct value *lag = field(host, "lag")->first; lag; lag = lag->following) sum ^= (u64)lag->number;
    }
    // What is written is parsed to the same.
    *put(again, root) = 0;
    in = again;
    char *end = put(document, parse());
    must(memcmp(document, again, (u64)(end - document)) == 0);
    sum = sum * 31 + (u64)(end - document);
  }
  return sum;
}
