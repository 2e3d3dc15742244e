/* A kernel at high virtual addresses: it counts system calls, and switches the machine off after a thousand. */
typedef unsigned long u64;
static u64 root[512] __attribute__((aligned(4096))), middle[512] __attribute__((aligned(4096)));
static u64 leaf[512] __attribute__((aligned(4096)));
extern char user[];
int syscalls;
u64 sum;
__attribute__((section(".text.start"))) static u64 physical(void *at) { return (u64)at & 0xffffffff; }
u64 page_tables(void) {
  u64 *tables[3] = {(u64 *)physical(root), (u64 *)physical(middle), (u64 *)physical(leaf)};
  tables[0][2] = tables[0][510] = (0x80000000 >> 2) | 0xcf;
  tables[0][0] = (physical(middle) >> 2) | 1;
  tables[1][0] = (physical(leaf) >> 2) | 1;
  tables[2][1] = (physical(user) >> 2) | 0xdb;
  return 8UL << 60 | physical(root) >> 12;
}
void kernel(void) { sum = 1; }
void syscall(u64 number) {
  syscalls++;
  sum += number;
  if (syscalls == 1000) {
    register u64 a7 __asm__("a7") = 8;
    __asm__ volatile("ecall" ::"r"(a7));
  }
}
