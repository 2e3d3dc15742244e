// SPDX-License-Identifier: Apache-2.0
//
// kv: a key-value server on bare metal, reached over UDP.
//
// It shows what the lockstep is for. Clients ask, are answered, and rely on
// the answer; then the primary dies. The backup has received the same frames at
// the same instructions, so it holds the same keys, and it remembers for each
// client what was answered last: a client that repeats its request, because the
// answer died with the primary, gets that answer, and nothing is done twice.

#include "console.h"
#include "net.h"
#include "service.h"
#include "store.h"

#define UDP_PORT 9000

static void print_mac(void)
{
    for (int i = 0; i < MAC_SIZE; i++) {
        console_print(i ? ":" : "");
        console_print_hex(card_mac[i], 2);
    }
}

int main(void)
{
    card_start();
    console_print("kv: listening on 10.0.2.15:9000, mac ");
    print_mac();
    console_print("\n");

    while (!service_stopped()) {
        if (!net_serve_one(UDP_PORT, service_handle)) {
            card_wait();
        }
    }

    card_flush(); // the last reply is on its way before the power goes
    console_print("kv: stopped after ");
    console_print_number(service_totals.requests);
    console_print(" requests, ");
    console_print_number(store_count());
    console_print(" keys, ");
    console_print_number(service_totals.repeats);
    console_print(" repeats\n");
    power_off(0);
}
