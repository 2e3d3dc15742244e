// SPDX-License-Identifier: Apache-2.0
//
// After the specification: Virtual I/O Device (VIRTIO), version 1.2. Section
// numbers in the comments are those of that document.

#include "virtio_net.h"

#include <stdbool.h>

#include "console.h"
#include "machine.h"
#include "trap.h"

// Registers of a virtio-mmio slot (4.2.2).
enum {
    MAGIC_VALUE = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    DEVICE_FEATURES = 0x010,
    DEVICE_FEATURES_SEL = 0x014,
    DRIVER_FEATURES = 0x020,
    DRIVER_FEATURES_SEL = 0x024,
    QUEUE_SEL = 0x030,
    QUEUE_NUM_MAX = 0x034,
    QUEUE_NUM = 0x038,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACK = 0x064,
    STATUS = 0x070,
    QUEUE_DESC = 0x080,
    QUEUE_DRIVER = 0x090,
    QUEUE_DEVICE = 0x0a0,
    CONFIG_MAC = 0x100,
};

#define MAGIC 0x74726976 // "virt"
#define MODERN 2
#define NETWORK 1 // device ID (5.1)

// Status bits (2.1).
#define ACKNOWLEDGE 1
#define DRIVER 2
#define DRIVER_OK 4
#define FEATURES_OK 8

// The features we take. No offloads: every checksum is made and checked here.
#define FEATURE_MAC (1ull << 5)
#define FEATURE_VERSION_1 (1ull << 32)
#define FEATURES (FEATURE_MAC | FEATURE_VERSION_1)

// A queue (2.7): descriptors say where the buffers are, the available ring
// hands them to the card, the used ring hands them back. Both idx only count
// up; idx modulo QUEUE_SIZE is the place in the ring.
#define QUEUE_SIZE 32
#define DESCRIPTOR_WRITE 2     // the card writes to this buffer
#define AVAILABLE_NO_INTERRUPT 1
#define USED_NO_NOTIFY 1

struct queue {
    struct {
        uint64_t address;
        uint32_t length;
        uint16_t flags;
        uint16_t next;
    } descriptors[QUEUE_SIZE];
    struct {
        uint16_t flags;
        uint16_t idx;
        uint16_t ring[QUEUE_SIZE];
    } available;
    struct {
        uint16_t flags;
        uint16_t idx;
        struct {
            uint32_t id;
            uint32_t length;
        } ring[QUEUE_SIZE];
    } used __attribute__((aligned(4)));
} __attribute__((aligned(16)));

enum { RECEIVE, TRANSMIT, QUEUES }; // the card's queues 0 and 1 (5.1.2)

// What the card sets before each frame, and wants before each frame (5.1.6):
// without offloads nothing but zeros, and of no interest.
#define HEADER_SIZE 12

struct buffer {
    uint8_t header[HEADER_SIZE];
    uint8_t frame[FRAME_SIZE];
} __attribute__((aligned(16)));

// The card changes the used rings while we look the other way.
static volatile struct queue queues[QUEUES];
static struct buffer buffers[QUEUES][QUEUE_SIZE];

uint8_t card_mac[MAC_SIZE];

static uintptr_t card;         // its registers
static uint16_t received;      // frames taken from the receive queue's used ring
static uint16_t transmitted;   // the same of the transmit queue's
static uint16_t free_slots[QUEUE_SIZE]; // transmit buffers that the card has not
static int free_count;

static bool find_card(unsigned *source)
{
    for (unsigned slot = 0; slot < VIRTIO_SLOTS; slot++) {
        card = VIRTIO + slot * VIRTIO_SLOT_SIZE;
        *source = SOURCE_VIRTIO + slot;
        if (read32(card + MAGIC_VALUE) == MAGIC && read32(card + VERSION) == MODERN
            && read32(card + DEVICE_ID) == NETWORK) {
            return true;
        }
    }
    return false;
}

static bool agree_on_features(void)
{
    uint64_t offered = 0;
    for (unsigned half = 0; half < 2; half++) {
        write32(card + DEVICE_FEATURES_SEL, half);
        offered |= (uint64_t)read32(card + DEVICE_FEATURES) << 32 * half;
        write32(card + DRIVER_FEATURES_SEL, half);
        write32(card + DRIVER_FEATURES, (uint32_t)(FEATURES >> 32 * half));
    }
    if ((offered & FEATURES) != FEATURES) {
        return false;
    }
    write32(card + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    return read32(card + STATUS) & FEATURES_OK; // the card clears it to disagree
}

static void write_address(uintptr_t low_register, volatile void *address)
{
    write32(low_register, (uint32_t)(uintptr_t)address);
    write32(low_register + 4, (uint32_t)((uintptr_t)address >> 32));
}

static void start_queue(unsigned number, uint16_t descriptor_flags)
{
    volatile struct queue *queue = &queues[number];
    for (unsigned i = 0; i < QUEUE_SIZE; i++) {
        queue->descriptors[i].address = (uintptr_t)&buffers[number][i];
        queue->descriptors[i].length = HEADER_SIZE + FRAME_SIZE;
        queue->descriptors[i].flags = descriptor_flags;
    }
    write32(card + QUEUE_SEL, number);
    if (read32(card + QUEUE_NUM_MAX) < QUEUE_SIZE) {
        fail("the network card's queues are too short");
    }
    write32(card + QUEUE_NUM, QUEUE_SIZE);
    write_address(card + QUEUE_DESC, &queue->descriptors);
    write_address(card + QUEUE_DRIVER, &queue->available);
    write_address(card + QUEUE_DEVICE, &queue->used);
    write32(card + QUEUE_READY, 1);
}

// Puts one descriptor into the available ring. The entry must be there before
// idx announces it, and idx before we ask whether the card wants to be told.
static void hand_over(unsigned number, uint16_t descriptor)
{
    volatile struct queue *queue = &queues[number];
    uint16_t idx = queue->available.idx;
    queue->available.ring[idx % QUEUE_SIZE] = descriptor;
    fence();
    queue->available.idx = (uint16_t)(idx + 1);
    fence();
    if (!(queue->used.flags & USED_NO_NOTIFY)) {
        write32(card + QUEUE_NOTIFY, number);
    }
}

// There is nothing to do but to let the interrupt line fall: whoever sleeps
// looks at the rings when it wakes up.
static void on_interrupt(void)
{
    write32(card + INTERRUPT_ACK, read32(card + INTERRUPT_STATUS));
}

// The order of the steps is that of 3.1.1.
void card_start(void)
{
    unsigned source;
    if (!find_card(&source)) {
        fail("this machine has no virtio network card");
    }
    write32(card + STATUS, 0); // reset
    write32(card + STATUS, ACKNOWLEDGE);
    write32(card + STATUS, ACKNOWLEDGE | DRIVER);
    if (!agree_on_features()) {
        fail("the network card lacks a feature: virtio 1, or a MAC address");
    }
    for (unsigned i = 0; i < MAC_SIZE; i++) {
        card_mac[i] = read8(card + CONFIG_MAC + i);
    }
    start_queue(RECEIVE, DESCRIPTOR_WRITE);
    start_queue(TRANSMIT, 0);

    // A frame that has been sent is nothing to wake up for. See wait_for_slots.
    queues[TRANSMIT].available.flags = AVAILABLE_NO_INTERRUPT;
    while (free_count < QUEUE_SIZE) {
        free_slots[free_count] = (uint16_t)free_count;
        free_count++;
    }

    interrupts_listen(source, on_interrupt);
    write32(card + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    for (uint16_t i = 0; i < QUEUE_SIZE; i++) {
        hand_over(RECEIVE, i);
    }
}

static bool frame_ready(void)
{
    return queues[RECEIVE].used.idx != received;
}

const uint8_t *card_receive(size_t *length)
{
    if (!frame_ready()) {
        return NULL;
    }
    fence(); // what idx announces is read after idx
    unsigned place = received % QUEUE_SIZE;
    *length = queues[RECEIVE].used.ring[place].length - HEADER_SIZE;
    return buffers[RECEIVE][queues[RECEIVE].used.ring[place].id].frame;
}

void card_release(void)
{
    uint16_t id = (uint16_t)queues[RECEIVE].used.ring[received % QUEUE_SIZE].id;
    received++;
    hand_over(RECEIVE, id);
}

void card_wait(void)
{
    sleep_unless(frame_ready);
}

// The card may finish frames in any order, so it is the used ring that says
// which slots are free again.
static void collect_free_slots(void)
{
    while (queues[TRANSMIT].used.idx != transmitted) {
        fence();
        unsigned place = transmitted % QUEUE_SIZE;
        free_slots[free_count++] = (uint16_t)queues[TRANSMIT].used.ring[place].id;
        transmitted++;
    }
}

static bool slot_freed(void)
{
    return queues[TRANSMIT].used.idx != transmitted;
}

// Only while we wait does the card interrupt for frames it has sent.
static void wait_for_slots(int wanted)
{
    collect_free_slots();
    if (free_count >= wanted) {
        return;
    }
    queues[TRANSMIT].available.flags = 0;
    fence(); // the card looks at flags after it moves idx, so we set flags first
    while (free_count < wanted) {
        sleep_unless(slot_freed);
        collect_free_slots();
    }
    queues[TRANSMIT].available.flags = AVAILABLE_NO_INTERRUPT;
}

uint8_t *card_transmit_buffer(void)
{
    wait_for_slots(1);
    return buffers[TRANSMIT][free_slots[free_count - 1]].frame;
}

void card_transmit(size_t length)
{
    uint16_t slot = free_slots[--free_count];
    queues[TRANSMIT].descriptors[slot].length = (uint32_t)(HEADER_SIZE + length);
    hand_over(TRANSMIT, slot);
}

void card_flush(void)
{
    wait_for_slots(QUEUE_SIZE);
}
