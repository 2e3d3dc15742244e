// SPDX-License-Identifier: Apache-2.0
//
// Just enough of a network: Ethernet, ARP, IPv4, ICMP echo and UDP. Every
// reply goes back to the MAC address that the request came from, so there is
// no table of neighbours and no routing.

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "virtio_net.h"

#define UDP_DATA_SIZE (FRAME_SIZE - 14 - 20 - 8) // without the three headers

// Answers a datagram: `reply` has room for UDP_DATA_SIZE bytes; returns how
// many of them to send, 0 for none.
typedef size_t (*datagram_handler)(const char *request, size_t length, char *reply);

// Deals with one received frame, if there is one. False if there was none.
bool net_serve_one(unsigned udp_port, datagram_handler handler);
