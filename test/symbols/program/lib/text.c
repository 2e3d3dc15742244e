/* Before the header: see main.c. */
int sign(long value)
{
  return value < 0 ? -1 : value > 0;
}

#include "text.h"

long number(const char *text)
{
  long value = 0;
  int negative = *text == '-';
  if (negative)
    text++;
  for (; is_digit(*text); text++)
    value = 10 * value + (*text - '0');
  return negative && sign(value) > 0 ? -value : value;
}

size reversed(char *to, const char *from)
{
  size count = length(from);
  for (size index = 0; index < count; index++)
    to[index] = from[count - 1 - index];
  to[count] = 0;
  return count;
}

/* Nobody calls this: with --gc-sections it is discarded. */
int unused(int value)
{
  int sum = 0;
  while (value > 0) {
    sum += value & 3;
    value >>= 2;
  }
  return sum;
}
