// SPDX-License-Identifier: Apache-2.0
//
// The machine: QEMU's `virt` board. Where the devices are, and how to reach
// them and the hart from C.

#pragma once

#include <stdint.h>

#define FINISHER 0x100000
#define PLIC 0xc000000
#define UART 0x10000000
#define VIRTIO 0x10001000

#define VIRTIO_SLOT_SIZE 0x1000
#define VIRTIO_SLOTS 8

// virtio slot n interrupts as this PLIC source plus n.
#define SOURCE_VIRTIO 1

#define MSTATUS_MIE (1 << 3)
#define MIE_MEIE (1 << 11)

static inline uint8_t read8(uintptr_t address)
{
    return *(volatile uint8_t *)address;
}

static inline void write8(uintptr_t address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

static inline uint32_t read32(uintptr_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void write32(uintptr_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

#define csr_read(csr) \
    ({ uint64_t value_; __asm__ volatile("csrr %0, " #csr : "=r"(value_)); value_; })
#define csr_write(csr, value) __asm__ volatile("csrw " #csr ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_set(csr, bits) __asm__ volatile("csrs " #csr ", %0" ::"r"((uint64_t)(bits)) : "memory")
#define csr_clear(csr, bits) __asm__ volatile("csrc " #csr ", %0" ::"r"((uint64_t)(bits)) : "memory")

// Everything before it, in memory and on devices, comes before everything
// after it. Needed wherever hart and device meet in RAM.
static inline void fence(void)
{
    __asm__ volatile("fence iorw, iorw" ::: "memory");
}

static inline void wait_for_interrupt(void)
{
    __asm__ volatile("wfi" ::: "memory");
}
