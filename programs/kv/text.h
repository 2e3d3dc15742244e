// SPDX-License-Identifier: Apache-2.0
//
// The little that is needed of strings, without a C library. A text ends with
// a zero byte.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// gcc may call these two by itself.
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);

bool bytes_equal(const void *a, const void *b, size_t size);

size_t text_length(const char *text);
bool text_equal(const char *a, const char *b);

// Copies with the zero byte; `to` must have room.
void text_copy(char *to, const char *from);

// Appends `more` at `end` and returns the new end, where the zero byte stands.
char *text_append(char *end, const char *more);
char *text_append_number(char *end, int64_t number);

// Sign, 19 digits, zero byte.
#define NUMBER_SIZE 21

void text_from_number(char *buffer, int64_t number);

// False if the text is anything but a decimal number that fits 64 bits.
bool text_to_number(const char *text, int64_t *number);
