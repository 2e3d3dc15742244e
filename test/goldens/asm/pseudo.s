# Every pseudo-instruction, and every second spelling that GNU as accepts.
.equ K, 0x12345678
.equ BIG, 0x123456789abcdef
.globl _start
.text
_start:
start:
    nop
    mv a0, a1
    move a2, a3
    not a0, a1
    neg a0, a1
    negw a0, a1
    sext.b a0, a1
    sext.h a0, a1
    sext.w a0, a1
    zext.b a0, a1
    zext.h a0, a1
    zext.w a0, a1
    seqz a0, a1
    snez a0, a1
    sltz a0, a1
    sgtz a0, a1
    sgt a0, a1, a2
    sgtu a0, a1, a2
    beqz a0, start
    bnez a0, start
    blez a0, start
    bgez a0, start
    bltz a0, start
    bgtz a0, start
    bgt a0, a1, start
    ble a0, a1, start
    bgtu a0, a1, start
    bleu a0, a1, start
    j start
    jal start
    jal t0, start
    jr a0
    jr 8(a0)
    jr a0, -8
    jalr a0
    jalr 4(a0)
    jalr t0, a0
    jalr t0, 12(a0)
    jalr t0, a0, 16
    jalr t0, (a0)
    ret
    call function
    call t0, function
    tail function
    jump function, t2
    lla a0, table
    la a0, table
    la a1, table + 12
    la a0, 5
    la a0, K
    li a0, K
    li a1, BIG
    lb a0, table
    lh a0, table
    lw a0, table+4
    ld a0, table
    lbu a0, table
    lhu a0, table
    lwu a0, table
    sb a0, table, t0
    sh a0, table, t0
    sw a0, table+4, t0
    sd a0, table, t0
    fence
    fence rw, w
    fence.tso
    fence.i
    pause
    rdcycle a0
    rdtime a0
    rdinstret a0
    csrr a0, mstatus
    csrw mscratch, a0
    csrs mie, a0
    csrc mie, a0
    csrwi mscratch, 31
    csrsi mstatus, 8
    csrci mstatus, 8
    csrw mscratch, 3
    csrs mstatus, 8
    csrc mstatus, 8
    csrrw a0, mscratch, 7
    csrrs a0, mscratch, 7
    csrrc a0, mscratch, 7
    csrr a0, 0x7c0
    csrw 4095, a0
    unimp
    ecall
    ebreak
    scall
    sbreak
    add a0, a1, -2048
    addw a0, a1, 2047
    and a0, a1, 1
    or a0, a1, 1
    xor a0, a1, 1
    slt a0, a1, 1
    sltu a0, a1, 1
    sll a0, a1, 63
    srl a0, a1, 63
    sra a0, a1, 63
    sllw a0, a1, 31
    srlw a0, a1, 31
    sraw a0, a1, 31
    sfence.vma
    sfence.vma a0
    zext.w a0, a1
    ror a0, a1, 63
    rorw a0, a1, 31
    bclr a0, a1, 63
    bext a0, a1, 63
    binv a0, a1, 63
    bset a0, a1, 63
    .option push
    .option rvc
    c.nop
    c.nop 1
    .option pop
    lw a0, (sp)
    sd a0, (sp)
    lw a0, (4+4)*2(sp)
    amoadd.w a0, a1, (a2)
    amoadd.w.aqrl a0, a1, 0(a2)
    lr.d.aq a0, (a1)
    sc.d.rl a0, a1, (a2)
    ADDI x10, x11, 1
    addi fp, s0, K & 0xff
    addi a0, a0, 0xfffffffffffff800
function:
    ret
.data
later_data: .word 1
table: .dword 1, 2
.text
