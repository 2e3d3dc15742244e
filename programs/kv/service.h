// SPDX-License-Identifier: Apache-2.0
//
// What the server does with a request. One datagram, one request:
//
//   CLIENT SEQ SET key value    ->  CLIENT SEQ OK
//   CLIENT SEQ GET key          ->  CLIENT SEQ VALUE value, or CLIENT SEQ NONE
//   CLIENT SEQ ADD key number   ->  CLIENT SEQ VALUE sum; a missing key is 0
//   CLIENT SEQ STOP             ->  CLIENT SEQ BYE, and the server ends
//
// A request that cannot be carried out, though it is well formed, is answered
// with CLIENT SEQ ERROR reason; one that is not, with ERROR reason.
//
// A client numbers its requests in SEQ, upwards, and repeats a request with
// the same SEQ if no answer comes. Whatever got lost, request or reply, the
// request is carried out once: the server remembers each client's last reply.

#pragma once

#include <stdbool.h>
#include <stddef.h>

// Answers one datagram; see datagram_handler in net.h.
size_t service_handle(const char *request, size_t length, char *reply);

bool service_stopped(void);

struct service_totals {
    unsigned requests; // carried out, each counted once
    unsigned repeats;  // answered from memory
};
extern struct service_totals service_totals;
