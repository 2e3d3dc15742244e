/*
 * Before the header: in version 5 the first row of a unit is of file 1, unless it says otherwise, and addr2line of
 * binutils 2.40 takes it to be of file 0.
 */
volatile long result;

void add(long value)
{
  result += value;
}

#include "text.h"

static char buffer[64];
static const char *const words[] = { "12", "-345", "x", "0067" };

__attribute__((weak)) int hook(int value)
{
  return value;
}

static int classify(long value)
{
  switch (value) {
  case 0: return 3;
  case 1: return 14;
  case 2: return 159;
  case 3: return 2653;
  case 4: return 58979;
  default:
    break;
  }
  if (value < 0)
    return classify(-value % 5) + 1;
  return value % 7 == 0 ? 1 : hook((int)value);
}

static double average(const long *values, int count)
{
  double sum = 0;
  for (int index = 0; index < count; index++)
    sum += values[index];
  return count > 0 ? sum / count : 0;
}

int main(void)
{
  long values[4];
  for (int index = 0; index < 4; index++) {
    values[index] = number(words[index]);
    add(classify(values[index]));
  }
  add((long)average(values, 4));
#line 1000 "made/from/grammar.y"
  result += (long)reversed(buffer, words[1]);
  result += (long)length(buffer);
#line 52 "main.c"
  return (int)result;
}
