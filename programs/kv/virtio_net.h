// SPDX-License-Identifier: Apache-2.0
//
// The network card: a virtio network device behind virtio-mmio, modern
// interface. It knows frames and nothing of what is in them.

#pragma once

#include <stddef.h>
#include <stdint.h>

#define MAC_SIZE 6
#define FRAME_SIZE 1514 // Ethernet header and 1500 bytes

// Finds the card and starts it. Ends the machine if there is none.
void card_start(void);

extern uint8_t card_mac[MAC_SIZE];

// The oldest frame that has arrived, or NULL. It stays ours until card_release
// gives its memory back to the card.
const uint8_t *card_receive(size_t *length);
void card_release(void);

// Sleeps until a frame has arrived (or, now and then, for less).
void card_wait(void);

// Memory for a frame to be sent. Write up to FRAME_SIZE bytes into it, then
// hand it over with card_transmit before asking for the next.
uint8_t *card_transmit_buffer(void);
void card_transmit(size_t length);

// Sleeps until the card has taken every frame.
void card_flush(void);
