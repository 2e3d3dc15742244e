# SPDX-License-Identifier: Apache-2.0
#
# bank.s - a small bank, on a machine that may die at any moment.
#
# The bank reads commands from the console, a line each, and answers each with
# a line:
#
#   open NAME                   a new account
#   deposit NAME AMOUNT
#   withdraw NAME AMOUNT
#   transfer FROM TO AMOUNT
#   balance NAME
#   statement                   the whole ledger, a line for each entry
#   audit                       do ledger and balances agree?
#   quit                        close the bank, switch the machine off
#
# Whatever changes the books gets an entry in the ledger: a number, the time, a
# receipt number drawn at random, and a link, a hash of this entry and of all
# before it. Before it adds an entry the bank checks every link from the first
# one on; a single wrong bit, ever, and it refuses to work.
#
# So the outside comes in by three doors: console input, clock, entropy. None
# of it can be computed again after a crash. Kill the primary between any two
# instructions: the customer must see each answer once, with the receipt
# that the backup will also print in the closing statement.
#
# bank.input is a day at this bank.

.include "lib/machine.s"

# An account. All accounts stand one behind the other in `accounts`.
.equ NAME,              0           # up to 15 letters and a zero byte
.equ NAME_SIZE,         16
.equ BALANCE,           16
.equ ACCOUNT_SIZE,      24
.equ ACCOUNTS,          32          # as many as there can be

# A ledger entry. Money goes from one account to another; a deposit comes from
# nowhere and a withdrawal goes nowhere, which is written as 0.
.equ NUMBER,            0           # 1, 2, 3 ...
.equ TIME_US,           8
.equ RECEIPT,           16
.equ KIND,              24          # the word for it: address of a text
.equ FROM,              32          # address of an account, or 0
.equ TO,                40          # the same
.equ AMOUNT,            48
.equ LINK,              56          # hash of all of the above, back to entry 1
.equ ENTRY_SIZE,        64
.equ ENTRIES,           512

# A command: one row of the table at the end of this file.
.equ COMMAND_NAME,      0
.equ COMMAND_WORDS,     8           # how many words it takes, itself included
.equ COMMAND_WANTS,     16          # how to say so
.equ COMMAND_ACTION,    24
.equ COMMAND_SIZE,      32

# The books: what the bank knows of itself. s11 points here all day long.
.equ ACCOUNT_COUNT,     0
.equ ENTRY_COUNT,       8
.equ REFUSALS,          16
.equ WORDS,             24          # addresses of the words of the command
.equ WORDS_MAX,         4
.equ BOOKS_SIZE,        WORDS + 8 * WORDS_MAX

.equ LINE_SIZE,         80
.equ AMOUNT_DIGITS,     9           # amounts end at 999,999,999

# FNV-1a with 64 bits: quick, short, and good enough against accidents. It
# is no protection against forgery; that would take a cryptographic hash.
.equ FNV_BASIS,         0xcbf29ce484222325
.equ FNV_PRIME,         0x100000001b3

.macro say text
    la      a0, \text
    call    puts
.endm

.globl _start
.text
_start:
    la      sp, stack_top
    la      s11, books
    call    input_setup
    say     text_welcome

# The main loop. Every command ends by jumping back to it, so commands may use
# s0-s10 as they like:
#   s0 = the command's row in the table
#   s1, s2, s3 = the words after the command
next_command:
    la      a0, line
    li      a1, LINE_SIZE
    call    getline
    bltz    a0, line_too_long
    la      a0, line
    call    split
    beqz    a0, next_command        # an empty line asks for nothing
    mv      s4, a0                  # s4 = number of words

    la      s0, commands
1:  ld      a0, COMMAND_NAME(s0)
    beqz    a0, unknown_command     # the end of the table
    ld      a1, WORDS(s11)
    call    same_text
    bnez    a0, 2f
    addi    s0, s0, COMMAND_SIZE
    j       1b

2:  ld      t0, COMMAND_WORDS(s0)
    bne     s4, t0, wrong_words
    ld      s1, WORDS + 8(s11)
    ld      s2, WORDS + 16(s11)
    ld      s3, WORDS + 24(s11)
    ld      t0, COMMAND_ACTION(s0)
    jr      t0

line_too_long:
    la      a0, text_this_line
    la      a1, text_too_long
    call    refuse
    j       next_command

unknown_command:
    ld      a0, WORDS(s11)
    la      a1, text_unknown
    call    refuse
    j       next_command

wrong_words:
    ld      a0, COMMAND_NAME(s0)
    ld      a1, COMMAND_WANTS(s0)
    call    refuse
    j       next_command

# ---- Commands that change the books ----------------------------------------
#
# They decide whether it is allowed, and leave the doing to `book`:
#   s4 = account the money comes from, or 0
#   s5 = account it goes to, or 0
#   s6 = amount

open:
    mv      a0, s1
    call    find_account
    bnez    a0, name_taken
    mv      a0, s1
    call    text_length
    li      t0, NAME_SIZE
    bgeu    a0, t0, name_too_long
    ld      t0, ACCOUNT_COUNT(s11)
    li      t1, ACCOUNTS
    bgeu    t0, t1, bank_full
    call    ledger_has_room
    beqz    a0, next_command

    ld      t0, ACCOUNT_COUNT(s11)
    addi    t1, t0, 1
    sd      t1, ACCOUNT_COUNT(s11)
    li      t1, ACCOUNT_SIZE
    mul     t0, t0, t1
    la      s5, accounts
    add     s5, s5, t0
    sd      zero, BALANCE(s5)
    mv      t0, s5                  # copy the name, zero byte included
1:  lbu     t1, 0(s1)
    sb      t1, NAME(t0)
    addi    s1, s1, 1
    addi    t0, t0, 1
    bnez    t1, 1b

    li      s4, 0
    li      s6, 0
    j       book

name_taken:
    mv      a0, s1
    la      a1, text_taken
    call    refuse
    j       next_command

name_too_long:
    mv      a0, s1
    la      a1, text_long_name
    call    refuse
    j       next_command

bank_full:
    la      a0, text_the_bank
    la      a1, text_full
    call    refuse
    j       next_command

deposit:
    li      s4, 0
    mv      a0, s1
    call    need_account
    beqz    a0, next_command
    mv      s5, a0
    mv      a0, s2
    call    need_amount
    beqz    a0, next_command
    mv      s6, a0
    j       book

withdraw:
    mv      a0, s1
    call    need_account
    beqz    a0, next_command
    mv      s4, a0
    li      s5, 0
    mv      a0, s2
    call    need_amount
    beqz    a0, next_command
    mv      s6, a0
    j       book_if_covered

transfer:
    mv      a0, s1
    call    need_account
    beqz    a0, next_command
    mv      s4, a0
    mv      a0, s2
    call    need_account
    beqz    a0, next_command
    mv      s5, a0
    beq     s4, s5, same_account
    mv      a0, s3
    call    need_amount
    beqz    a0, next_command
    mv      s6, a0
    # falls through

book_if_covered:
    ld      t0, BALANCE(s4)
    bleu    s6, t0, book
    mv      a0, s4
    la      a1, text_has_only       # the one refusal that ends with a number
    call    refuse_begin
    ld      a0, BALANCE(s4)
    call    put_decimal
    call    put_newline
    j       next_command

same_account:
    mv      a0, s1
    la      a1, text_same
    call    refuse
    j       next_command

# book: make the entry, move the money, answer. The only place that changes
# ledger or balances.
book:
    call    ledger_has_room
    beqz    a0, next_command
    call    check_ledger
    mv      s7, a0                  # s7 = link so far

    ld      t0, ENTRY_COUNT(s11)
    slli    t1, t0, 6               # times ENTRY_SIZE
    la      s8, ledger
    add     s8, s8, t1              # s8 = the new entry
    addi    t0, t0, 1
    sd      t0, NUMBER(s8)
    sd      t0, ENTRY_COUNT(s11)
    rdtime  t0
    li      t1, TIME_PER_US
    divu    t0, t0, t1
    sd      t0, TIME_US(s8)
    call    random32
    sd      a0, RECEIPT(s8)
    ld      t0, COMMAND_NAME(s0)
    sd      t0, KIND(s8)
    sd      s4, FROM(s8)
    sd      s5, TO(s8)
    sd      s6, AMOUNT(s8)
    mv      a0, s8
    mv      a1, s7
    call    hash_entry
    sd      a0, LINK(s8)

    beqz    s4, 1f
    ld      t0, BALANCE(s4)
    sub     t0, t0, s6
    sd      t0, BALANCE(s4)
1:  beqz    s5, 2f
    ld      t0, BALANCE(s5)
    add     t0, t0, s6
    sd      t0, BALANCE(s5)

    # For instance: #3 9f31c2a0 transfer alice -> bob 50: alice 120, bob 80
2:  say     text_number
    ld      a0, NUMBER(s8)
    call    put_decimal
    say     text_space
    ld      a0, RECEIPT(s8)
    li      a1, 8
    call    put_hex
    say     text_space
    mv      a0, s8
    call    put_entry
    say     text_colon
    beqz    s4, 3f
    mv      a0, s4
    call    put_account
    beqz    s5, 4f
    say     text_comma
3:  mv      a0, s5
    call    put_account
4:  call    put_newline
    j       next_command

# ---- Commands that only look -----------------------------------------------

balance:
    mv      a0, s1
    call    need_account
    beqz    a0, next_command
    call    put_account
    call    put_newline
    j       next_command

statement:
    la      s8, ledger              # s8 = entry
    ld      s9, ENTRY_COUNT(s11)    # s9 = entries left
1:  beqz    s9, next_command
    ld      a0, NUMBER(s8)
    li      a1, 4
    call    put_decimal_wide
    ld      a0, TIME_US(s8)
    li      a1, 12
    call    put_decimal_wide
    say     text_us
    ld      a0, RECEIPT(s8)
    li      a1, 8
    call    put_hex
    say     text_gap
    mv      a0, s8
    call    put_entry
    call    put_newline
    addi    s8, s8, ENTRY_SIZE
    addi    s9, s9, -1
    j       1b

# audit: work every balance out again from the ledger alone.
audit:
    call    check_ledger            # does not come back if a link is wrong
    mv      s7, a0                  # s7 = link
    la      s4, accounts            # s4 = account
    ld      s5, ACCOUNT_COUNT(s11)  # s5 = accounts left
1:  beqz    s5, 5f
    li      t0, 0                   # t0 = what should be in it
    la      t1, ledger              # t1 = entry
    ld      t2, ENTRY_COUNT(s11)    # t2 = entries left
2:  beqz    t2, 4f
    ld      t3, AMOUNT(t1)
    ld      t4, TO(t1)
    bne     t4, s4, 3f
    add     t0, t0, t3
3:  ld      t4, FROM(t1)
    addi    t1, t1, ENTRY_SIZE
    addi    t2, t2, -1
    bne     t4, s4, 2b
    sub     t0, t0, t3
    j       2b
4:  ld      t3, BALANCE(s4)
    bne     t0, t3, wrong_balance
    addi    s4, s4, ACCOUNT_SIZE
    addi    s5, s5, -1
    j       1b

5:  say     text_audit
    ld      a0, ENTRY_COUNT(s11)
    call    put_decimal
    say     text_entries
    mv      a0, s7
    call    put_totals
    say     text_audit_good
    j       next_command

wrong_balance:
    say     text_audit
    mv      a0, s4
    call    puts
    say     text_audit_bad
    li      a0, 1
    tail    power_off

quit:
    call    check_ledger
    mv      s7, a0
    say     text_closed
    ld      a0, ENTRY_COUNT(s11)
    call    put_decimal
    say     text_transactions
    ld      a0, REFUSALS(s11)
    call    put_decimal
    say     text_refusals
    mv      a0, s7
    call    put_totals
    call    put_newline
    li      a0, 0
    tail    power_off

# ---- The ledger ------------------------------------------------------------

# hash_entry: a0 = entry, a1 = link of the entry before; a0 = its own link.
hash_entry:
    addi    t0, a0, LINK            # all that stands before the link
    li      t1, FNV_PRIME
1:  lbu     t2, 0(a0)
    xor     a1, a1, t2
    mul     a1, a1, t1
    addi    a0, a0, 1
    bltu    a0, t0, 1b
    mv      a0, a1
    ret

# check_ledger: follow the links from the first entry to the last; a0 = the
# last link. A wrong one means that memory has changed behind our back: no way
# to go on.
check_ledger:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s0, 16(sp)
    sd      s1, 8(sp)
    la      s0, ledger              # s0 = entry
    ld      s1, ENTRY_COUNT(s11)    # s1 = entries left
    li      a0, FNV_BASIS
1:  beqz    s1, 2f
    mv      a1, a0
    mv      a0, s0
    call    hash_entry
    ld      t0, LINK(s0)
    bne     a0, t0, 3f
    addi    s0, s0, ENTRY_SIZE
    addi    s1, s1, -1
    j       1b
2:  ld      s1, 8(sp)
    ld      s0, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

3:  say     text_damaged
    ld      a0, NUMBER(s0)
    call    put_decimal
    call    put_newline
    li      a0, 1
    tail    power_off

# ledger_has_room: a0 = 0 if not, which is then already refused.
ledger_has_room:
    ld      t0, ENTRY_COUNT(s11)
    li      a0, ENTRIES
    sltu    a0, t0, a0
    bnez    a0, 1f
    la      a0, text_the_ledger
    la      a1, text_full
    tail    refuse                  # answers 0
1:  ret

# put_entry: print what the entry at a0 is about.
put_entry:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s0, 0(sp)
    mv      s0, a0
    ld      a0, KIND(s0)
    call    puts
    say     text_space
    ld      a0, FROM(s0)
    beqz    a0, 1f
    call    puts                    # an account begins with its name
    ld      t0, TO(s0)
    beqz    t0, 2f
    say     text_arrow
1:  ld      a0, TO(s0)
    call    puts
2:  ld      t0, AMOUNT(s0)
    beqz    t0, 3f                  # no money moves when an account is opened
    say     text_space
    ld      a0, AMOUNT(s0)
    call    put_decimal
3:  ld      s0, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# ---- Accounts and amounts --------------------------------------------------

# find_account: a0 = name; a0 = account, or 0.
find_account:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s0, 16(sp)
    sd      s1, 8(sp)
    sd      s2, 0(sp)
    mv      s2, a0
    la      s0, accounts
    ld      s1, ACCOUNT_COUNT(s11)
1:  beqz    s1, 2f
    mv      a0, s0
    mv      a1, s2
    call    same_text
    bnez    a0, 3f
    addi    s0, s0, ACCOUNT_SIZE
    addi    s1, s1, -1
    j       1b
2:  li      s0, 0
3:  mv      a0, s0
    ld      s2, 0(sp)
    ld      s1, 8(sp)
    ld      s0, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

# need_account: the same, and refuses if there is none.
need_account:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s0, 0(sp)
    mv      s0, a0
    call    find_account
    bnez    a0, 1f
    mv      a0, s0
    la      a1, text_no_account
    call    refuse                  # answers 0
1:  ld      s0, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# need_amount: a0 = text; a0 = the number, or 0, which is then already refused.
need_amount:
    mv      t0, a0
    li      t1, 0                   # t1 = number so far
    addi    t2, a0, AMOUNT_DIGITS   # nothing but a zero byte may stand here
    li      t3, 10
1:  lbu     t4, 0(t0)
    beqz    t4, 2f
    addi    t4, t4, -DIGIT_ZERO
    bgeu    t4, t3, 3f              # what comes before "0" is huge, unsigned
    beq     t0, t2, 3f
    mul     t1, t1, t3
    add     t1, t1, t4
    addi    t0, t0, 1
    j       1b
2:  beqz    t1, 3f
    mv      a0, t1
    ret
3:  la      a1, text_no_amount      # a0 is still the text
    tail    refuse                  # answers 0

# put_account: print name and balance of the account at a0.
put_account:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s0, 0(sp)
    mv      s0, a0
    call    puts
    say     text_space
    ld      a0, BALANCE(s0)
    call    put_decimal
    ld      s0, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# put_totals: how many accounts hold how much, and the last link, a0.
put_totals:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s0, 0(sp)
    mv      s0, a0
    ld      a0, ACCOUNT_COUNT(s11)
    call    put_decimal
    say     text_accounts_hold
    li      a0, 0
    la      t0, accounts
    ld      t1, ACCOUNT_COUNT(s11)
1:  beqz    t1, 2f
    ld      t2, BALANCE(t0)
    add     a0, a0, t2
    addi    t0, t0, ACCOUNT_SIZE
    addi    t1, t1, -1
    j       1b
2:  call    put_decimal
    say     text_chain
    mv      a0, s0
    li      a1, 16
    call    put_hex
    ld      s0, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# refuse: a0 = what it is about, a1 = what is wrong with it. Answers 0.
refuse:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    call    refuse_begin
    call    put_newline
    li      a0, 0
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# refuse_begin: the same, without the end of the line.
refuse_begin:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s0, 16(sp)
    sd      s1, 8(sp)
    mv      s0, a0
    mv      s1, a1
    ld      t0, REFUSALS(s11)
    addi    t0, t0, 1
    sd      t0, REFUSALS(s11)
    say     text_refused
    mv      a0, s0
    call    puts
    say     text_space
    mv      a0, s1
    call    puts
    ld      s1, 8(sp)
    ld      s0, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

# ---- Texts -----------------------------------------------------------------

# split: cut the text at a0 into words, by putting a zero byte behind each. Their
# addresses go to WORDS, as many as there is room for; a0 = how many there are.
split:
    addi    t0, s11, WORDS
    mv      t1, a0
    li      a0, 0
    li      t2, SPACE
    li      t3, WORDS_MAX
1:  lbu     t4, 0(t1)               # between words
    beqz    t4, 5f
    bgtu    t4, t2, 2f
    addi    t1, t1, 1
    j       1b
2:  bgeu    a0, t3, 3f              # at the start of a word
    sd      t1, 0(t0)
    addi    t0, t0, 8
3:  addi    a0, a0, 1
4:  addi    t1, t1, 1               # within a word
    lbu     t4, 0(t1)
    bgtu    t4, t2, 4b
    beqz    t4, 5f
    sb      zero, 0(t1)
    addi    t1, t1, 1
    j       1b
5:  ret

# same_text: a0 = 1 if the texts at a0 and a1 are equal, or else 0.
same_text:
1:  lbu     t0, 0(a0)
    lbu     t1, 0(a1)
    bne     t0, t1, 2f
    addi    a0, a0, 1
    addi    a1, a1, 1
    bnez    t0, 1b
    li      a0, 1
    ret
2:  li      a0, 0
    ret

# text_length: a0 = length of the text at a0.
text_length:
    mv      t0, a0
1:  lbu     t1, 0(t0)
    addi    t0, t0, 1
    bnez    t1, 1b
    sub     a0, t0, a0
    addi    a0, a0, -1
    ret

.include "lib/console.s"
.include "lib/trap.s"
.include "lib/input.s"
.include "lib/seed.s"

.section .rodata
.balign 8
commands:
    .dword  word_open,      2, wants_name,      open
    .dword  word_deposit,   3, wants_amount,    deposit
    .dword  word_withdraw,  3, wants_amount,    withdraw
    .dword  word_transfer,  4, wants_two,       transfer
    .dword  word_balance,   2, wants_name,      balance
    .dword  word_statement, 1, wants_nothing,   statement
    .dword  word_audit,     1, wants_nothing,   audit
    .dword  word_quit,      1, wants_nothing,   quit
    .dword  0

word_open:          .asciz  "open"
word_deposit:       .asciz  "deposit"
word_withdraw:      .asciz  "withdraw"
word_transfer:      .asciz  "transfer"
word_balance:       .asciz  "balance"
word_statement:     .asciz  "statement"
word_audit:         .asciz  "audit"
word_quit:          .asciz  "quit"

wants_name:         .asciz  "wants NAME"
wants_amount:       .asciz  "wants NAME AMOUNT"
wants_two:          .asciz  "wants FROM TO AMOUNT"
wants_nothing:      .asciz  "wants no other words"

text_welcome:       .asciz  "the bank is open\n"
text_refused:       .asciz  "refused: "
text_this_line:     .asciz  "this line"
text_too_long:      .asciz  "is too long"
text_unknown:       .asciz  "is no command; there are open, deposit, withdraw, transfer, balance, statement, audit and quit"
text_taken:         .asciz  "has an account already"
text_long_name:     .asciz  "is too long for a name"
text_the_bank:      .asciz  "the bank"
text_the_ledger:    .asciz  "the ledger"
text_full:          .asciz  "is full"
text_no_account:    .asciz  "has no account here"
text_no_amount:     .asciz  "is no amount; it takes a whole number from 1 to 999999999"
text_has_only:      .asciz  "has only "
text_same:          .asciz  "cannot be on both sides of a transfer"
text_damaged:       .asciz  "the ledger is damaged at entry "

text_number:        .asciz  "#"
text_space:         .asciz  " "
text_gap:           .asciz  "  "
text_us:            .asciz  " us  "
text_colon:         .asciz  ": "
text_comma:         .asciz  ", "
text_arrow:         .asciz  " -> "

text_audit:         .asciz  "audit: "
text_entries:       .asciz  " entries, "
text_audit_good:    .asciz  ": the books balance\n"
text_audit_bad:     .asciz  " does not hold what the ledger says\n"
text_accounts_hold: .asciz  " accounts hold "
text_chain:         .asciz  ", last link "
text_closed:        .asciz  "closed after "
text_transactions:  .asciz  " transactions and "
text_refusals:      .asciz  " refusals: "

.bss
.balign 16
books:
    .space  BOOKS_SIZE
accounts:
    .space  ACCOUNTS * ACCOUNT_SIZE
ledger:
    .space  ENTRIES * ENTRY_SIZE
line:
    .space  LINE_SIZE
.balign 16
    .space  4096
stack_top:
