// SPDX-License-Identifier: Apache-2.0

#include "text.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    while (size--) {
        *t++ = *f++;
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    uint8_t *t = to;
    while (size--) {
        *t++ = (uint8_t)byte;
    }
    return to;
}

bool bytes_equal(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    while (size--) {
        if (*x++ != *y++) {
            return false;
        }
    }
    return true;
}

size_t text_length(const char *text)
{
    size_t length = 0;
    while (text[length]) {
        length++;
    }
    return length;
}

bool text_equal(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

void text_copy(char *to, const char *from)
{
    text_append(to, from);
}

char *text_append(char *end, const char *more)
{
    while ((*end = *more++)) {
        end++;
    }
    return end;
}

char *text_append_number(char *end, int64_t number)
{
    char buffer[NUMBER_SIZE];
    text_from_number(buffer, number);
    return text_append(end, buffer);
}

void text_from_number(char *buffer, int64_t number)
{
    // Unsigned, because the lowest number has no positive counterpart.
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    char digits[NUMBER_SIZE];
    int count = 0;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);

    if (number < 0) {
        *buffer++ = '-';
    }
    while (count) {
        *buffer++ = digits[--count];
    }
    *buffer = 0;
}

bool text_to_number(const char *text, int64_t *number)
{
    bool negative = *text == '-';
    text += negative;
    if (!*text) {
        return false;
    }
    *number = 0;
    for (; *text; text++) {
        int digit = *text - '0';
        if (digit < 0 || digit > 9) {
            return false;
        }
        // Towards its own sign, so that the lowest number can be read as well.
        if (__builtin_mul_overflow(*number, 10, number)
            || __builtin_add_overflow(*number, negative ? -digit : digit, number)) {
            return false;
        }
    }
    return true;
}
