// SPDX-License-Identifier: Apache-2.0
//
// A program without a machine around it: rounds from the command line, the result on the console.
#include <stdio.h>
#include <stdlib.h>

unsigned long work(unsigned long rounds);

void must(int condition) {
  if (!condition) abort();
}

int main(int argc, char **argv) { printf("%lx\n", work(argc > 1 ? strtoul(argv[1], 0, 10) : 1)); }
