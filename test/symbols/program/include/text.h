/* Inlined into several files: lines of this file inside their functions. */
#ifndef TEXT_H
#define TEXT_H

typedef unsigned long size;

static inline int is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static inline size length(const char *text)
{
  size count = 0;
  while (text[count] != 0)
    count++;
  return count;
}

long number(const char *text);
size reversed(char *to, const char *from);
__attribute__((weak)) int hook(int value);

#endif
