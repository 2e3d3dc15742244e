// SPDX-License-Identifier: Apache-2.0
//
// An interpreter: a stack machine whose program counts primes with a sieve, and calls a recursive function.
#include "program.h"

enum op { PUSH, LOAD, STORE, GET, SET, ADD, SUBTRACT, MULTIPLY, LESS, JUMP, JUMP_IF_NOT, CALL, RETURN, HALT };

#define LIMIT 2000

static s32 code[256], stack[512], globals[8], array[LIMIT];
static int length;

static int emit(enum op op, s32 operand) {
  must(length + 2 <= (int)COUNT(code));
  code[length++] = op;
  code[length++] = operand;
  return length - 1;
}

static s32 run(int at) {
  s32 *top = stack;
  for (;;) {
    s32 operand = code[at + 1];
    must(top < stack + COUNT(stack) - 4);
    switch ((enum op)code[at]) {
      case PUSH: *top++ = operand; break;
      case LOAD: *top++ = globals[operand]; break;
      case STORE: globals[operand] = *--top; break;
      case GET: top[-1] = array[top[-1]]; break;
      case SET: top -= 2, array[top[0]] = top[1]; break;
      case ADD: top--, top[-1] += top[0]; break;
      case SUBTRACT: top--, top[-1] -= top[0]; break;
      case MULTIPLY: top--, top[-1] *= top[0]; break;
      case LESS: top--, top[-1] = top[-1] < top[0]; break;
      case JUMP: at = operand; continue;
      case JUMP_IF_NOT:
        if (*--top) break;
        at = operand;
        continue;
      // The argument is global 5, which the callee keeps for the caller below the address.
      case CALL: {
        s32 argument = *--top;
        *top++ = globals[5];
        *top++ = at + 2;
        globals[5] = argument;
        at = operand;
        continue;
      }
      case RETURN: {
        s32 result = *--top;
        at = *--top;
        globals[5] = *--top;
        *top++ = result;
        continue;
      }
      case HALT: return top[-1];
    }
    at += 2;
  }
}

// if (!(a < b)) goto the returned operand's target
static int unless_less(enum op a, s32 x, enum op b, s32 y) {
  emit(a, x);
  emit(b, y);
  emit(LESS, 0);
  return emit(JUMP_IF_NOT, 0);
}

static void add_to(int variable, enum op op, s32 operand) {
  emit(LOAD, variable);
  emit(op, operand);
  emit(ADD, 0);
  emit(STORE, variable);
}

enum { I, J, PRIMES };

static void write_sieve(void) {
  emit(PUSH, 2);
  emit(STORE, I);
  emit(PUSH, 0);
  emit(STORE, PRIMES);
  int outer = length, end = unless_less(LOAD, I, PUSH, LIMIT);
  emit(LOAD, I);
  emit(GET, 0);
  emit(PUSH, 1);
  emit(LESS, 0);
  int composite = emit(JUMP_IF_NOT, 0);
  add_to(PRIMES, PUSH, 1);
  emit(LOAD, I);
  emit(LOAD, I);
  emit(MULTIPLY, 0);
  emit(STORE, J);
  int inner = length, done = unless_less(LOAD, J, PUSH, LIMIT);
  emit(LOAD, J);
  emit(PUSH, 1);
  emit(SET, 0);
  add_to(J, LOAD, I);
  emit(JUMP, inner);
  code[composite] = code[done] = length;
  add_to(I, PUSH, 1);
  emit(JUMP, outer);
  code[end] = length;
  emit(LOAD, PRIMES);
}

// fibonacci(n) with n in global 5.
static int write_fibonacci(void) {
  int start = length, large = unless_less(LOAD, 5, PUSH, 2);
  emit(LOAD, 5);
  emit(RETURN, 0);
  code[large] = length;
  for (int i = 1; i <= 2; i++) {
    emit(LOAD, 5);
    emit(PUSH, i);
    emit(SUBTRACT, 0);
    emit(CALL, start);
  }
  emit(ADD, 0);
  emit(RETURN, 0);
  return start;
}

u64 work(u64 rounds) {
  u64 sum = 0;
  for (u64 round = 0; round < rounds; round++) {
    length = 0;
    memset(array, 0, sizeof array);
    int function = write_fibonacci(), start = length;
    write_sieve();
    emit(PUSH, 14);
    emit(CALL, function);
    emit(ADD, 0);
    emit(HALT, 0);
    // 303 primes below 2,000; the 14th of Fibonacci's numbers.
    must(run(start) == 303 + 377);
    sum = sum * 31 + (u64)globals[J];
  }
  return sum;
}
