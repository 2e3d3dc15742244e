// SPDX-License-Identifier: Apache-2.0
//
// What every guest of the benchmark has: how often to do its work, and a place to leave the result.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef int s32;

// Does the guest's work this number of times. The result depends on all of it.
u64 work(u64 rounds);
