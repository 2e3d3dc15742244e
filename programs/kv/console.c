// SPDX-License-Identifier: Apache-2.0

#include "console.h"

#include "machine.h"
#include "text.h"

#define UART_THR (UART + 0) // transmit holding register
#define UART_LSR (UART + 5) // line status register
#define LSR_THR_EMPTY 0x20

#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x3333 // exit code in the upper half

static void print_byte(char byte)
{
    while (!(read8(UART_LSR) & LSR_THR_EMPTY)) {
    }
    write8(UART_THR, (uint8_t)byte);
}

void console_print(const char *text)
{
    while (*text) {
        print_byte(*text++);
    }
}

void console_print_number(int64_t number)
{
    char buffer[NUMBER_SIZE];
    text_from_number(buffer, number);
    console_print(buffer);
}

void console_print_hex(uint64_t number, int digits)
{
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
        print_byte("0123456789abcdef"[number >> shift & 15]);
    }
}

_Noreturn void power_off(uint16_t exit_code)
{
    write32(FINISHER, exit_code ? (uint32_t)exit_code << 16 | FINISHER_FAIL : FINISHER_PASS);
    for (;;) {
        wait_for_interrupt(); // should the power take a moment to go
    }
}

_Noreturn void fail(const char *reason)
{
    console_print("kv: ");
    console_print(reason);
    console_print("\n");
    power_off(1);
}
