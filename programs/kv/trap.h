// SPDX-License-Identifier: Apache-2.0
//
// Interrupts: from the device through the PLIC to a function, and sleeping
// until one comes.

#pragma once

#include <stdbool.h>

// From now on calls `handler` whenever the device behind this PLIC source
// interrupts: between any two instructions of the program. One source only.
void interrupts_listen(unsigned source, void (*handler)(void));

// Sleeps until an interrupt has been handled, but not if `ready` says that
// what we want to wait for is here already.
void sleep_unless(bool (*ready)(void));
