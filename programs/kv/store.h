// SPDX-License-Identifier: Apache-2.0
//
// The keys and their values: texts of 1 to WORD_MAX bytes.

#pragma once

#include <stdbool.h>

#define WORD_MAX 63

// NULL if there is no such key. Stands until the next store_set.
const char *store_get(const char *key);

// False if the key is new and there is no room for it.
bool store_set(const char *key, const char *value);

unsigned store_count(void);
