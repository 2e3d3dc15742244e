// SPDX-License-Identifier: Apache-2.0
//
// A hash table with open addressing: a key stands in the first free place from
// where its hash points to. Nothing is ever removed, so there are no gaps to
// care for.

#include "store.h"

#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define PLACES 2048   // a power of two
#define KEYS_MAX 1536 // some places stay free, or searching would not end

static struct place {
    char key[WORD_MAX + 1]; // empty: the place is free
    char value[WORD_MAX + 1];
} places[PLACES];

static unsigned count;

static uint32_t hash(const char *text) // FNV-1a
{
    uint32_t hash = 0x811c9dc5;
    while (*text) {
        hash = (hash ^ (uint8_t)*text++) * 0x01000193;
    }
    return hash;
}

// Where the key stands, or the free place where it would.
static struct place *find(const char *key)
{
    uint32_t i = hash(key) % PLACES;
    while (places[i].key[0] && !text_equal(places[i].key, key)) {
        i = (i + 1) % PLACES;
    }
    return &places[i];
}

const char *store_get(const char *key)
{
    const struct place *place = find(key);
    return place->key[0] ? place->value : NULL;
}

bool store_set(const char *key, const char *value)
{
    struct place *place = find(key);
    if (!place->key[0]) {
        if (count == KEYS_MAX) {
            return false;
        }
        count++;
        text_copy(place->key, key);
    }
    text_copy(place->value, value);
    return true;
}

unsigned store_count(void)
{
    return count;
}
