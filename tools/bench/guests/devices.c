// SPDX-License-Identifier: Apache-2.0
//
// Requests to a disk of 4 KiB each, or frames that come back, `depth` of them on their way at once. The guest sleeps until an
// interrupt says that something is done, as drivers do. Everything that comes is checked: exit code 1 where it is not as expected.
#include "guest.h"

enum { DISK_READ, DISK_WRITE, DISK_RANDOM_READ, DISK_RANDOM_WRITE, NET_ECHO };

// The runner finds these words by the marks before them, and writes them.
#define WORD(name, mark) \
  static volatile struct { char text[16]; u64 value; } name = {mark, 0}
WORD(mode, "mode =          ");
WORD(depth, "depth =         ");

// virtio 1.2, section 4.2.2: registers of virtio-mmio; on QEMU's virt machine there are eight, and slot n is source 1 + n of the PLIC.
enum {
  DEVICE_ID = 0x08, FEATURES = 0x20, FEATURES_SEL = 0x24, QUEUE_SEL = 0x30, QUEUE_NUM = 0x38, QUEUE_READY = 0x44,
  QUEUE_NOTIFY = 0x50, INTERRUPT_STATUS = 0x60, INTERRUPT_ACK = 0x64, STATUS = 0x70, QUEUE_DESC = 0x80,
  QUEUE_DRIVER = 0x90, QUEUE_DEVICE = 0xa0,
};
enum { ID_NET = 1, ID_BLOCK = 2, SLOTS = 8 };
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };

#define QUEUE_SIZE 64
#define MAX_DEPTH 16
enum { NEXT = 1, DEVICE_WRITES = 2 };

struct descriptor { u64 address; u32 length; u16 flags, next; };
struct available { u16 flags, index, ring[QUEUE_SIZE]; };
struct used { u16 flags, index; struct { u32 head, length; } ring[QUEUE_SIZE]; };
struct queue {
  struct descriptor table[QUEUE_SIZE] __attribute__((aligned(16)));
  volatile struct available available __attribute__((aligned(2)));
  volatile struct used used __attribute__((aligned(4)));
  u16 seen, number;
};

static volatile u32 *registers;
static u32 source;

static volatile u32 *at(u64 address) { return (volatile u32 *)address; }
static void barrier(void) { __asm__ volatile("fence iorw, iorw" ::: "memory"); }
static void set(u32 offset, u32 value) { registers[offset / 4] = value; }
static u32 get(u32 offset) { return registers[offset / 4]; }
static void set_address(u32 offset, const volatile void *to) {
  set(offset, (u32)(u64)to);
  set(offset + 4, (u32)((u64)to >> 32));
}

static void fail(void) {
  for (;;) *at(0x100000) = 1 << 16 | 0x3333;
}
static void must(int holds) {
  if (!holds) fail();
}

static void find(u32 id) {
  for (u32 slot = 0; slot < SLOTS; slot++) {
    registers = at(0x10001000 + slot * 0x1000);
    source = 1 + slot;
    if (get(DEVICE_ID) == id) return;
  }
  fail();
}

// Section 3.1.1, with VIRTIO_F_VERSION_1 alone.
static void begin(u32 id) {
  find(id);
  set(STATUS, 0);
  set(STATUS, ACKNOWLEDGE | DRIVER);
  set(FEATURES_SEL, 0), set(FEATURES, 0);
  set(FEATURES_SEL, 1), set(FEATURES, 1);
  set(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
  must(get(STATUS) & FEATURES_OK);
}
static void add_queue(struct queue *queue, u16 number) {
  queue->number = number;
  set(QUEUE_SEL, number);
  set(QUEUE_NUM, QUEUE_SIZE);
  set_address(QUEUE_DESC, queue->table);
  set_address(QUEUE_DRIVER, &queue->available);
  set_address(QUEUE_DEVICE, &queue->used);
  set(QUEUE_READY, 1);
}

// The source has priority 1 and is on for context 0, M-mode; interrupts are only waited for, never taken.
static void ready(void) {
  set(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
  *at(0x0c000000 + 4 * source) = 1;
  *at(0x0c002000) = 1u << source;
  *at(0x0c200000) = 0;
  __asm__ volatile("csrw mie, %0" ::"r"(1ul << 11));
}
static void sleep_until_interrupt(void) {
  __asm__ volatile("wfi");
  u32 claimed = *at(0x0c200004);
  if (!claimed) return;
  set(INTERRUPT_ACK, get(INTERRUPT_STATUS));
  *at(0x0c200004) = claimed;
}

static void make_available(struct queue *queue, u16 head) {
  queue->available.ring[queue->available.index % QUEUE_SIZE] = head;
  barrier();
  queue->available.index++;
}
static void notify(struct queue *queue) {
  barrier();
  set(QUEUE_NOTIFY, queue->number);
}
static int is_done(struct queue *queue) {
  barrier();
  return queue->used.index != queue->seen;
}
static u16 take(struct queue *queue, u32 *length) {
  volatile u32 *element = (volatile u32 *)&queue->used.ring[queue->seen++ % QUEUE_SIZE];
  *length = element[1];
  return (u16)element[0];
}

// ── The disk: its block n of 4 KiB begins with the number n ──

#define BLOCK 4096
#define BLOCKS 4096
struct header { u32 type, reserved; u64 sector; };
static struct queue requests;
static struct header headers[MAX_DEPTH];
static u64 blocks[MAX_DEPTH][BLOCK / 8] __attribute__((aligned(4096)));
static volatile u8 statuses[MAX_DEPTH];
static u64 expected[MAX_DEPTH];

static void request(u32 slot, u64 index) {
  int writes = mode.value == DISK_WRITE || mode.value == DISK_RANDOM_WRITE;
  int random = mode.value == DISK_RANDOM_READ || mode.value == DISK_RANDOM_WRITE;
  u64 block = (random ? index * 2654435761u >> 7 : index) % BLOCKS;
  expected[slot] = block;
  headers[slot] = (struct header){writes, 0, block * (BLOCK / 512)};
  blocks[slot][0] = writes ? block : ~0ul;
  statuses[slot] = 0xff;
  u16 head = (u16)(slot * 3);
  requests.table[head] = (struct descriptor){(u64)&headers[slot], sizeof(struct header), NEXT, (u16)(head + 1)};
  requests.table[head + 1] =
      (struct descriptor){(u64)blocks[slot], BLOCK, (u16)(NEXT | (writes ? 0 : DEVICE_WRITES)), (u16)(head + 2)};
  requests.table[head + 2] = (struct descriptor){(u64)&statuses[slot], 1, DEVICE_WRITES, 0};
  make_available(&requests, head);
}

static void use_disk(u64 rounds) {
  begin(ID_BLOCK);
  add_queue(&requests, 0);
  ready();
  u64 begun = 0, done = 0;
  for (u32 slot = 0; slot < depth.value && begun < rounds; slot++) request(slot, begun++);
  notify(&requests);
  while (done < rounds) {
    while (!is_done(&requests)) sleep_until_interrupt();
    u64 before = begun;
    while (is_done(&requests)) {
      u32 length, slot = take(&requests, &length) / 3u;
      must(statuses[slot] == 0 && blocks[slot][0] == expected[slot]);
      done++;
      if (begun < rounds) request(slot, begun++);
    }
    if (begun > before) notify(&requests);
  }
}

// ── The network: each frame comes back as it was sent ──

#define FRAME 512
#define NET_HEADER 12
#define ETHER_TYPE 0xb588  // 0x88b5, for experiments, as it is on the wire
struct frame { u8 header[NET_HEADER]; u8 to[6], from[6]; u16 type; u16 slot; u64 number __attribute__((packed)); u8 rest[FRAME - 24]; };
static struct queue received, sent;
static struct frame incoming[MAX_DEPTH * 2], outgoing[MAX_DEPTH];

static void offer(u16 slot) {
  received.table[slot] = (struct descriptor){(u64)&incoming[slot], sizeof(struct frame), DEVICE_WRITES, 0};
  make_available(&received, slot);
}
static void send(u16 slot, u64 number) {
  struct frame *frame = &outgoing[slot];
  for (int i = 0; i < 6; i++) frame->to[i] = 0xff, frame->from[i] = (u8)(2 + i);
  frame->type = ETHER_TYPE;
  frame->slot = slot;
  frame->number = number;
  expected[slot] = number;
  sent.table[slot] = (struct descriptor){(u64)frame, sizeof(struct frame), 0, 0};
  make_available(&sent, slot);
}

static void use_net(u64 rounds) {
  begin(ID_NET);
  add_queue(&received, 0);
  add_queue(&sent, 1);
  ready();
  for (u16 slot = 0; slot < MAX_DEPTH * 2; slot++) offer(slot);
  notify(&received);
  u64 begun = 0, done = 0;
  u32 length;
  for (u16 slot = 0; slot < depth.value && begun < rounds; slot++) send(slot, begun++);
  notify(&sent);
  while (done < rounds) {
    while (!is_done(&received)) sleep_until_interrupt();
    u64 before = begun;
    while (is_done(&received)) {
      u16 buffer = take(&received, &length);
      struct frame *frame = &incoming[buffer];
      // What others send on this network is none of ours.
      if (frame->type == ETHER_TYPE && length == sizeof(struct frame)) {
        u16 slot = frame->slot;
        must(slot < MAX_DEPTH && frame->number == expected[slot]);
        done++;
        // The buffer of a frame that has come back is free.
        if (begun < rounds) send(slot, begun++);
      }
      offer(buffer);
    }
    while (is_done(&sent)) take(&sent, &length);
    notify(&received);
    if (begun > before) notify(&sent);
  }
}

u64 work(u64 rounds) {
  must(depth.value >= 1 && depth.value <= MAX_DEPTH);
  if (mode.value == NET_ECHO) use_net(rounds);
  else use_disk(rounds);
  return rounds;
}
