// SPDX-License-Identifier: Apache-2.0

#include "trap.h"

#include "console.h"
#include "machine.h"

// The PLIC's registers for context 0: hart 0 in M-mode.
#define PLIC_PRIORITY(source) (PLIC + 4 * (source))
#define PLIC_ENABLE (PLIC + 0x2000)
#define PLIC_THRESHOLD (PLIC + 0x200000)
#define PLIC_CLAIM (PLIC + 0x200004) // read: take a source; write: done with it

#define CAUSE_DEVICE_INTERRUPT (1ull << 63 | 11)

static void (*device_handler)(void);

// gcc's attribute saves the registers that are used, and returns with mret.
// aligned: the two lowest bits of mtvec are not part of the address.
__attribute__((interrupt("machine"), aligned(4))) static void trap_entry(void)
{
    if (csr_read(mcause) != CAUSE_DEVICE_INTERRUPT) {
        console_print("kv: mcause ");
        console_print_hex(csr_read(mcause), 16);
        console_print(" mepc ");
        console_print_hex(csr_read(mepc), 16);
        console_print("\n");
        fail("unexpected trap");
    }
    uint32_t source = read32(PLIC_CLAIM);
    if (source) {
        device_handler();
        write32(PLIC_CLAIM, source);
    }
}

void interrupts_listen(unsigned source, void (*handler)(void))
{
    device_handler = handler;
    csr_write(mtvec, (uintptr_t)trap_entry);
    write32(PLIC_PRIORITY(source), 1);
    write32(PLIC_ENABLE, 1u << source);
    write32(PLIC_THRESHOLD, 0);
    csr_set(mie, MIE_MEIE);
    csr_set(mstatus, MSTATUS_MIE);
}

// With interrupts on, one could come after we looked and before we sleep; it
// would be handled and over, and we would sleep with our work lying there. With
// interrupts off it stays pending, and WFI wakes up for it all the same.
void sleep_unless(bool (*ready)(void))
{
    csr_clear(mstatus, MSTATUS_MIE);
    if (!ready()) {
        wait_for_interrupt();
    }
    csr_set(mstatus, MSTATUS_MIE); // the handler runs here
}
