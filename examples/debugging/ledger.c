/* Four accounts; money moves between them, so that the total stays what it was. It does not: docs/debugging.md. */
static volatile unsigned char *const uart = (void *)0x10000000;

struct account {
  char name[8];
  long balance;
};

struct account accounts[4];

static void put(const char *text) {
  while (*text)
    *uart = *text++;
}

static void put_number(long number) {
  if (number >= 10)
    put_number(number / 10);
  *uart = '0' + number % 10;
}

static void rename_account(int number, const char *name) {
  char *to = accounts[number].name;
  while ((*to++ = *name++))
    ;
}

static void transfer(int from, int to, long amount) {
  accounts[from].balance -= amount;
  accounts[to].balance += amount;
}

static long total(void) {
  long sum = 0;
  for (int i = 0; i < 4; i++)
    sum += accounts[i].balance;
  return sum;
}

int main(void) {
  for (int i = 0; i < 4; i++)
    accounts[i].balance = 1000;
  rename_account(0, "Ada");
  rename_account(1, "Grace");
  for (int day = 0; day < 100000; day++) {
    transfer(day % 2, (day + 1) % 2, day % 7);
    if (day == 70000)
      rename_account(2, "Margaret");
  }
  put("total ");
  put_number(total());
  put("\n");
  return 0;
}
