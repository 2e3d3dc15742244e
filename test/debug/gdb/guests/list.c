/* A list whose sum is computed again and again; once a neighbor of its array is overwritten. */
static volatile unsigned char *const uart = (void *)0x10000000;
struct node { struct node *next; int value; };
struct node nodes[16];
int total, broken = 7;
static void print(const char *text) { while (*text) *uart = *text++; }
__attribute__((noinline)) int add(int a, int b) { return a + b; }
__attribute__((noinline)) void corrupt(struct node *n) {
  n[15].value = 0;
  *(int *)((char *)&broken + (n != nodes)) = 99;
}
__attribute__((noinline)) int sum(struct node *n) {
  int s = 0;
  for (; n; n = n->next)
    s = add(s, n->value);
  return s;
}
int main(void) {
  for (int i = 0; i < 16; i++) {
    nodes[i].value = i;
    nodes[i].next = i < 15 ? &nodes[i + 1] : 0;
  }
  for (int round = 0; round < 2000; round++) {
    total = sum(nodes);
    if (round == 300)
      corrupt(nodes);
  }
  print(broken == 7 ? "fine\n" : "broken\n");
  return broken;
}
