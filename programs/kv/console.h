// SPDX-License-Identifier: Apache-2.0
//
// Writing to the console, and the power switch.

#pragma once

#include <stdint.h>

void console_print(const char *text);
void console_print_number(int64_t number);
void console_print_hex(uint64_t number, int digits);

// Ends the machine; 0 means that all is well.
_Noreturn void power_off(uint16_t exit_code);

// Says what went wrong, and ends the machine with exit code 1.
_Noreturn void fail(const char *reason);
