# Made by test/goldens/make/asm.mjs.
.globl _start
_start:
.option rvc
    lui x0, 1
    lui x31, 0x7ffff
    lui a0, 0x80000
    lui fp, 0xfffff
    lui s11, 0
    lui ra, 1
    lui x16, 0x7ffff
    auipc x0, 1
    auipc x31, 0x7ffff
    auipc a0, 0x80000
    auipc fp, 0xfffff
    auipc s11, 0
    auipc ra, 1
    auipc x16, 0x7ffff
    jal x0, . + 1048574
    jal x31, . + 0
    jal a0, . + 2
    jal fp, . - 1048574
    jal s11, . + 1048572
    jal ra, . - 2
    jal x16, . - 1048576
    jalr x0, 2047(a0)
    jalr x31, 0(fp)
    jalr a0, 1(s11)
    jalr fp, -2047(ra)
    jalr s11, 2046(x16)
    jalr ra, -1(x0)
    jalr x16, -2048(x31)
    beq x0, x31, . + 0
    beq x31, a0, . + 2
    beq a0, fp, . - 4094
    beq fp, s11, . + 4092
    beq s11, ra, . - 2
    beq ra, x16, . - 4096
    beq x16, x0, . + 4094
    bne x0, x31, . + 0
    bne x31, a0, . + 2
    bne a0, fp, . - 4094
    bne fp, s11, . + 4092
    bne s11, ra, . - 2
    bne ra, x16, . - 4096
    bne x16, x0, . + 4094
    blt x0, x31, . + 0
    blt x31, a0, . + 2
    blt a0, fp, . - 4094
    blt fp, s11, . + 4092
    blt s11, ra, . - 2
    blt ra, x16, . - 4096
    blt x16, x0, . + 4094
    bge x0, x31, . + 0
    bge x31, a0, . + 2
    bge a0, fp, . - 4094
    bge fp, s11, . + 4092
    bge s11, ra, . - 2
    bge ra, x16, . - 4096
    bge x16, x0, . + 4094
    bltu x0, x31, . + 0
    bltu x31, a0, . + 2
    bltu a0, fp, . - 4094
    bltu fp, s11, . + 4092
    bltu s11, ra, . - 2
    bltu ra, x16, . - 4096
    bltu x16, x0, . + 4094
    bgeu x0, x31, . + 0
    bgeu x31, a0, . + 2
    bgeu a0, fp, . - 4094
    bgeu fp, s11, . + 4092
    bgeu s11, ra, . - 2
    bgeu ra, x16, . - 4096
    bgeu x16, x0, . + 4094
    lb x0, 2047(a0)
    lb x31, 0(fp)
    lb a0, 1(s11)
    lb fp, -2047(ra)
    lb s11, 2046(x16)
    lb ra, -1(x0)
    lb x16, -2048(x31)
    lh x0, 2047(a0)
    lh x31, 0(fp)
    lh a0, 1(s11)
    lh fp, -2047(ra)
    lh s11, 2046(x16)
    lh ra, -1(x0)
    lh x16, -2048(x31)
    lw x0, 2047(a0)
    lw x31, 0(fp)
    lw a0, 1(s11)
    lw fp, -2047(ra)
    lw s11, 2046(x16)
    lw ra, -1(x0)
    lw x16, -2048(x31)
    ld x0, 2047(a0)
    ld x31, 0(fp)
    ld a0, 1(s11)
    ld fp, -2047(ra)
    ld s11, 2046(x16)
    ld ra, -1(x0)
    ld x16, -2048(x31)
    lbu x0, 2047(a0)
    lbu x31, 0(fp)
    lbu a0, 1(s11)
    lbu fp, -2047(ra)
    lbu s11, 2046(x16)
    lbu ra, -1(x0)
    lbu x16, -2048(x31)
    lhu x0, 2047(a0)
    lhu x31, 0(fp)
    lhu a0, 1(s11)
    lhu fp, -2047(ra)
    lhu s11, 2046(x16)
    lhu ra, -1(x0)
    lhu x16, -2048(x31)
    lwu x0, 2047(a0)
    lwu x31, 0(fp)
    lwu a0, 1(s11)
    lwu fp, -2047(ra)
    lwu s11, 2046(x16)
    lwu ra, -1(x0)
    lwu x16, -2048(x31)
    sb x0, 2047(a0)
    sb x31, 0(fp)
    sb a0, 1(s11)
    sb fp, -2047(ra)
    sb s11, 2046(x16)
    sb ra, -1(x0)
    sb x16, -2048(x31)
    sh x0, 2047(a0)
    sh x31, 0(fp)
    sh a0, 1(s11)
    sh fp, -2047(ra)
    sh s11, 2046(x16)
    sh ra, -1(x0)
    sh x16, -2048(x31)
    sw x0, 2047(a0)
    sw x31, 0(fp)
    sw a0, 1(s11)
    sw fp, -2047(ra)
    sw s11, 2046(x16)
    sw ra, -1(x0)
    sw x16, -2048(x31)
    sd x0, 2047(a0)
    sd x31, 0(fp)
    sd a0, 1(s11)
    sd fp, -2047(ra)
    sd s11, 2046(x16)
    sd ra, -1(x0)
    sd x16, -2048(x31)
    addi x0, x31, 0
    addi x31, a0, 1
    addi a0, fp, -2047
    addi fp, s11, 2046
    addi s11, ra, -1
    addi ra, x16, -2048
    addi x16, x0, 2047
    slti x0, x31, 0
    slti x31, a0, 1
    slti a0, fp, -2047
    slti fp, s11, 2046
    slti s11, ra, -1
    slti ra, x16, -2048
    slti x16, x0, 2047
    sltiu x0, x31, 0
    sltiu x31, a0, 1
    sltiu a0, fp, -2047
    sltiu fp, s11, 2046
    sltiu s11, ra, -1
    sltiu ra, x16, -2048
    sltiu x16, x0, 2047
    xori x0, x31, 0
    xori x31, a0, 1
    xori a0, fp, -2047
    xori fp, s11, 2046
    xori s11, ra, -1
    xori ra, x16, -2048
    xori x16, x0, 2047
    ori x0, x31, 0
    ori x31, a0, 1
    ori a0, fp, -2047
    ori fp, s11, 2046
    ori s11, ra, -1
    ori ra, x16, -2048
    ori x16, x0, 2047
    andi x0, x31, 0
    andi x31, a0, 1
    andi a0, fp, -2047
    andi fp, s11, 2046
    andi s11, ra, -1
    andi ra, x16, -2048
    andi x16, x0, 2047
    slli x0, x31, 0
    slli x31, a0, 1
    slli a0, fp, 1
    slli fp, s11, 62
    slli s11, ra, 0
    slli ra, x16, 63
    slli x16, x0, 0
    srli x0, x31, 0
    srli x31, a0, 1
    srli a0, fp, 1
    srli fp, s11, 62
    srli s11, ra, 0
    srli ra, x16, 63
    srli x16, x0, 0
    srai x0, x31, 0
    srai x31, a0, 1
    srai a0, fp, 1
    srai fp, s11, 62
    srai s11, ra, 0
    srai ra, x16, 63
    srai x16, x0, 0
    add x0, x31, a0
    add x31, a0, fp
    add a0, fp, s11
    add fp, s11, ra
    add s11, ra, x16
    add ra, x16, x0
    add x16, x0, x31
    sub x0, x31, a0
    sub x31, a0, fp
    sub a0, fp, s11
    sub fp, s11, ra
    sub s11, ra, x16
    sub ra, x16, x0
    sub x16, x0, x31
    sll x0, x31, a0
    sll x31, a0, fp
    sll a0, fp, s11
    sll fp, s11, ra
    sll s11, ra, x16
    sll ra, x16, x0
    sll x16, x0, x31
    slt x0, x31, a0
    slt x31, a0, fp
    slt a0, fp, s11
    slt fp, s11, ra
    slt s11, ra, x16
    slt ra, x16, x0
    slt x16, x0, x31
    sltu x0, x31, a0
    sltu x31, a0, fp
    sltu a0, fp, s11
    sltu fp, s11, ra
    sltu s11, ra, x16
    sltu ra, x16, x0
    sltu x16, x0, x31
    xor x0, x31, a0
    xor x31, a0, fp
    xor a0, fp, s11
    xor fp, s11, ra
    xor s11, ra, x16
    xor ra, x16, x0
    xor x16, x0, x31
    srl x0, x31, a0
    srl x31, a0, fp
    srl a0, fp, s11
    srl fp, s11, ra
    srl s11, ra, x16
    srl ra, x16, x0
    srl x16, x0, x31
    sra x0, x31, a0
    sra x31, a0, fp
    sra a0, fp, s11
    sra fp, s11, ra
    sra s11, ra, x16
    sra ra, x16, x0
    sra x16, x0, x31
    or x0, x31, a0
    or x31, a0, fp
    or a0, fp, s11
    or fp, s11, ra
    or s11, ra, x16
    or ra, x16, x0
    or x16, x0, x31
    and x0, x31, a0
    and x31, a0, fp
    and a0, fp, s11
    and fp, s11, ra
    and s11, ra, x16
    and ra, x16, x0
    and x16, x0, x31
    addiw x0, x31, 0
    addiw x31, a0, 1
    addiw a0, fp, -2047
    addiw fp, s11, 2046
    addiw s11, ra, -1
    addiw ra, x16, -2048
    addiw x16, x0, 2047
    slliw x0, x31, 0
    slliw x31, a0, 1
    slliw a0, fp, 1
    slliw fp, s11, 30
    slliw s11, ra, 0
    slliw ra, x16, 31
    slliw x16, x0, 0
    srliw x0, x31, 0
    srliw x31, a0, 1
    srliw a0, fp, 1
    srliw fp, s11, 30
    srliw s11, ra, 0
    srliw ra, x16, 31
    srliw x16, x0, 0
    sraiw x0, x31, 0
    sraiw x31, a0, 1
    sraiw a0, fp, 1
    sraiw fp, s11, 30
    sraiw s11, ra, 0
    sraiw ra, x16, 31
    sraiw x16, x0, 0
    addw x0, x31, a0
    addw x31, a0, fp
    addw a0, fp, s11
    addw fp, s11, ra
    addw s11, ra, x16
    addw ra, x16, x0
    addw x16, x0, x31
    subw x0, x31, a0
    subw x31, a0, fp
    subw a0, fp, s11
    subw fp, s11, ra
    subw s11, ra, x16
    subw ra, x16, x0
    subw x16, x0, x31
    sllw x0, x31, a0
    sllw x31, a0, fp
    sllw a0, fp, s11
    sllw fp, s11, ra
    sllw s11, ra, x16
    sllw ra, x16, x0
    sllw x16, x0, x31
    srlw x0, x31, a0
    srlw x31, a0, fp
    srlw a0, fp, s11
    srlw fp, s11, ra
    srlw s11, ra, x16
    srlw ra, x16, x0
    srlw x16, x0, x31
    sraw x0, x31, a0
    sraw x31, a0, fp
    sraw a0, fp, s11
    sraw fp, s11, ra
    sraw s11, ra, x16
    sraw ra, x16, x0
    sraw x16, x0, x31
    fence w, r
    fence r, rw
    fence rw, o
    fence o, ow
    fence ow, or
    fence or, orw
    fence orw, i
    fence i, iw
    fence iw, ir
    fence ir, irw
    fence irw, io
    fence io, iow
    fence iow, ior
    fence ior, iorw
    fence iorw, w
    fence.i
    mul x0, x31, a0
    mul x31, a0, fp
    mul a0, fp, s11
    mul fp, s11, ra
    mul s11, ra, x16
    mul ra, x16, x0
    mul x16, x0, x31
    mulh x0, x31, a0
    mulh x31, a0, fp
    mulh a0, fp, s11
    mulh fp, s11, ra
    mulh s11, ra, x16
    mulh ra, x16, x0
    mulh x16, x0, x31
    mulhsu x0, x31, a0
    mulhsu x31, a0, fp
    mulhsu a0, fp, s11
    mulhsu fp, s11, ra
    mulhsu s11, ra, x16
    mulhsu ra, x16, x0
    mulhsu x16, x0, x31
    mulhu x0, x31, a0
    mulhu x31, a0, fp
    mulhu a0, fp, s11
    mulhu fp, s11, ra
    mulhu s11, ra, x16
    mulhu ra, x16, x0
    mulhu x16, x0, x31
    div x0, x31, a0
    div x31, a0, fp
    div a0, fp, s11
    div fp, s11, ra
    div s11, ra, x16
    div ra, x16, x0
    div x16, x0, x31
    divu x0, x31, a0
    divu x31, a0, fp
    divu a0, fp, s11
    divu fp, s11, ra
    divu s11, ra, x16
    divu ra, x16, x0
    divu x16, x0, x31
    rem x0, x31, a0
    rem x31, a0, fp
    rem a0, fp, s11
    rem fp, s11, ra
    rem s11, ra, x16
    rem ra, x16, x0
    rem x16, x0, x31
    remu x0, x31, a0
    remu x31, a0, fp
    remu a0, fp, s11
    remu fp, s11, ra
    remu s11, ra, x16
    remu ra, x16, x0
    remu x16, x0, x31
    mulw x0, x31, a0
    mulw x31, a0, fp
    mulw a0, fp, s11
    mulw fp, s11, ra
    mulw s11, ra, x16
    mulw ra, x16, x0
    mulw x16, x0, x31
    divw x0, x31, a0
    divw x31, a0, fp
    divw a0, fp, s11
    divw fp, s11, ra
    divw s11, ra, x16
    divw ra, x16, x0
    divw x16, x0, x31
    divuw x0, x31, a0
    divuw x31, a0, fp
    divuw a0, fp, s11
    divuw fp, s11, ra
    divuw s11, ra, x16
    divuw ra, x16, x0
    divuw x16, x0, x31
    remw x0, x31, a0
    remw x31, a0, fp
    remw a0, fp, s11
    remw fp, s11, ra
    remw s11, ra, x16
    remw ra, x16, x0
    remw x16, x0, x31
    remuw x0, x31, a0
    remuw x31, a0, fp
    remuw a0, fp, s11
    remuw fp, s11, ra
    remuw s11, ra, x16
    remuw ra, x16, x0
    remuw x16, x0, x31
    lr.w x0, (x31)
    lr.w x31, (a0)
    lr.w a0, (fp)
    lr.w fp, (s11)
    lr.w s11, (ra)
    lr.w ra, (x16)
    lr.w x16, (x0)
    lr.w.rl x0, (x31)
    lr.w.rl x31, (a0)
    lr.w.rl a0, (fp)
    lr.w.rl fp, (s11)
    lr.w.rl s11, (ra)
    lr.w.rl ra, (x16)
    lr.w.rl x16, (x0)
    lr.w.aq x0, (x31)
    lr.w.aq x31, (a0)
    lr.w.aq a0, (fp)
    lr.w.aq fp, (s11)
    lr.w.aq s11, (ra)
    lr.w.aq ra, (x16)
    lr.w.aq x16, (x0)
    lr.w.aqrl x0, (x31)
    lr.w.aqrl x31, (a0)
    lr.w.aqrl a0, (fp)
    lr.w.aqrl fp, (s11)
    lr.w.aqrl s11, (ra)
    lr.w.aqrl ra, (x16)
    lr.w.aqrl x16, (x0)
    sc.w x0, x31, (a0)
    sc.w x31, a0, (fp)
    sc.w a0, fp, (s11)
    sc.w fp, s11, (ra)
    sc.w s11, ra, (x16)
    sc.w ra, x16, (x0)
    sc.w x16, x0, (x31)
    sc.w.rl x0, x31, (a0)
    sc.w.rl x31, a0, (fp)
    sc.w.rl a0, fp, (s11)
    sc.w.rl fp, s11, (ra)
    sc.w.rl s11, ra, (x16)
    sc.w.rl ra, x16, (x0)
    sc.w.rl x16, x0, (x31)
    sc.w.aq x0, x31, (a0)
    sc.w.aq x31, a0, (fp)
    sc.w.aq a0, fp, (s11)
    sc.w.aq fp, s11, (ra)
    sc.w.aq s11, ra, (x16)
    sc.w.aq ra, x16, (x0)
    sc.w.aq x16, x0, (x31)
    sc.w.aqrl x0, x31, (a0)
    sc.w.aqrl x31, a0, (fp)
    sc.w.aqrl a0, fp, (s11)
    sc.w.aqrl fp, s11, (ra)
    sc.w.aqrl s11, ra, (x16)
    sc.w.aqrl ra, x16, (x0)
    sc.w.aqrl x16, x0, (x31)
    amoswap.w x0, x31, (a0)
    amoswap.w x31, a0, (fp)
    amoswap.w a0, fp, (s11)
    amoswap.w fp, s11, (ra)
    amoswap.w s11, ra, (x16)
    amoswap.w ra, x16, (x0)
    amoswap.w x16, x0, (x31)
    amoswap.w.rl x0, x31, (a0)
    amoswap.w.rl x31, a0, (fp)
    amoswap.w.rl a0, fp, (s11)
    amoswap.w.rl fp, s11, (ra)
    amoswap.w.rl s11, ra, (x16)
    amoswap.w.rl ra, x16, (x0)
    amoswap.w.rl x16, x0, (x31)
    amoswap.w.aq x0, x31, (a0)
    amoswap.w.aq x31, a0, (fp)
    amoswap.w.aq a0, fp, (s11)
    amoswap.w.aq fp, s11, (ra)
    amoswap.w.aq s11, ra, (x16)
    amoswap.w.aq ra, x16, (x0)
    amoswap.w.aq x16, x0, (x31)
    amoswap.w.aqrl x0, x31, (a0)
    amoswap.w.aqrl x31, a0, (fp)
    amoswap.w.aqrl a0, fp, (s11)
    amoswap.w.aqrl fp, s11, (ra)
    amoswap.w.aqrl s11, ra, (x16)
    amoswap.w.aqrl ra, x16, (x0)
    amoswap.w.aqrl x16, x0, (x31)
    amoadd.w x0, x31, (a0)
    amoadd.w x31, a0, (fp)
    amoadd.w a0, fp, (s11)
    amoadd.w fp, s11, (ra)
    amoadd.w s11, ra, (x16)
    amoadd.w ra, x16, (x0)
    amoadd.w x16, x0, (x31)
    amoadd.w.rl x0, x31, (a0)
    amoadd.w.rl x31, a0, (fp)
    amoadd.w.rl a0, fp, (s11)
    amoadd.w.rl fp, s11, (ra)
    amoadd.w.rl s11, ra, (x16)
    amoadd.w.rl ra, x16, (x0)
    amoadd.w.rl x16, x0, (x31)
    amoadd.w.aq x0, x31, (a0)
    amoadd.w.aq x31, a0, (fp)
    amoadd.w.aq a0, fp, (s11)
    amoadd.w.aq fp, s11, (ra)
    amoadd.w.aq s11, ra, (x16)
    amoadd.w.aq ra, x16, (x0)
    amoadd.w.aq x16, x0, (x31)
    amoadd.w.aqrl x0, x31, (a0)
    amoadd.w.aqrl x31, a0, (fp)
    amoadd.w.aqrl a0, fp, (s11)
    amoadd.w.aqrl fp, s11, (ra)
    amoadd.w.aqrl s11, ra, (x16)
    amoadd.w.aqrl ra, x16, (x0)
    amoadd.w.aqrl x16, x0, (x31)
    amoxor.w x0, x31, (a0)
    amoxor.w x31, a0, (fp)
    amoxor.w a0, fp, (s11)
    amoxor.w fp, s11, (ra)
    amoxor.w s11, ra, (x16)
    amoxor.w ra, x16, (x0)
    amoxor.w x16, x0, (x31)
    amoxor.w.rl x0, x31, (a0)
    amoxor.w.rl x31, a0, (fp)
    amoxor.w.rl a0, fp, (s11)
    amoxor.w.rl fp, s11, (ra)
    amoxor.w.rl s11, ra, (x16)
    amoxor.w.rl ra, x16, (x0)
    amoxor.w.rl x16, x0, (x31)
    amoxor.w.aq x0, x31, (a0)
    amoxor.w.aq x31, a0, (fp)
    amoxor.w.aq a0, fp, (s11)
    amoxor.w.aq fp, s11, (ra)
    amoxor.w.aq s11, ra, (x16)
    amoxor.w.aq ra, x16, (x0)
    amoxor.w.aq x16, x0, (x31)
    amoxor.w.aqrl x0, x31, (a0)
    amoxor.w.aqrl x31, a0, (fp)
    amoxor.w.aqrl a0, fp, (s11)
    amoxor.w.aqrl fp, s11, (ra)
    amoxor.w.aqrl s11, ra, (x16)
    amoxor.w.aqrl ra, x16, (x0)
    amoxor.w.aqrl x16, x0, (x31)
    amoand.w x0, x31, (a0)
    amoand.w x31, a0, (fp)
    amoand.w a0, fp, (s11)
    amoand.w fp, s11, (ra)
    amoand.w s11, ra, (x16)
    amoand.w ra, x16, (x0)
    amoand.w x16, x0, (x31)
    amoand.w.rl x0, x31, (a0)
    amoand.w.rl x31, a0, (fp)
    amoand.w.rl a0, fp, (s11)
    amoand.w.rl fp, s11, (ra)
    amoand.w.rl s11, ra, (x16)
    amoand.w.rl ra, x16, (x0)
    amoand.w.rl x16, x0, (x31)
    amoand.w.aq x0, x31, (a0)
    amoand.w.aq x31, a0, (fp)
    amoand.w.aq a0, fp, (s11)
    amoand.w.aq fp, s11, (ra)
    amoand.w.aq s11, ra, (x16)
    amoand.w.aq ra, x16, (x0)
    amoand.w.aq x16, x0, (x31)
    amoand.w.aqrl x0, x31, (a0)
    amoand.w.aqrl x31, a0, (fp)
    amoand.w.aqrl a0, fp, (s11)
    amoand.w.aqrl fp, s11, (ra)
    amoand.w.aqrl s11, ra, (x16)
    amoand.w.aqrl ra, x16, (x0)
    amoand.w.aqrl x16, x0, (x31)
    amoor.w x0, x31, (a0)
    amoor.w x31, a0, (fp)
    amoor.w a0, fp, (s11)
    amoor.w fp, s11, (ra)
    amoor.w s11, ra, (x16)
    amoor.w ra, x16, (x0)
    amoor.w x16, x0, (x31)
    amoor.w.rl x0, x31, (a0)
    amoor.w.rl x31, a0, (fp)
    amoor.w.rl a0, fp, (s11)
    amoor.w.rl fp, s11, (ra)
    amoor.w.rl s11, ra, (x16)
    amoor.w.rl ra, x16, (x0)
    amoor.w.rl x16, x0, (x31)
    amoor.w.aq x0, x31, (a0)
    amoor.w.aq x31, a0, (fp)
    amoor.w.aq a0, fp, (s11)
    amoor.w.aq fp, s11, (ra)
    amoor.w.aq s11, ra, (x16)
    amoor.w.aq ra, x16, (x0)
    amoor.w.aq x16, x0, (x31)
    amoor.w.aqrl x0, x31, (a0)
    amoor.w.aqrl x31, a0, (fp)
    amoor.w.aqrl a0, fp, (s11)
    amoor.w.aqrl fp, s11, (ra)
    amoor.w.aqrl s11, ra, (x16)
    amoor.w.aqrl ra, x16, (x0)
    amoor.w.aqrl x16, x0, (x31)
    amomin.w x0, x31, (a0)
    amomin.w x31, a0, (fp)
    amomin.w a0, fp, (s11)
    amomin.w fp, s11, (ra)
    amomin.w s11, ra, (x16)
    amomin.w ra, x16, (x0)
    amomin.w x16, x0, (x31)
    amomin.w.rl x0, x31, (a0)
    amomin.w.rl x31, a0, (fp)
    amomin.w.rl a0, fp, (s11)
    amomin.w.rl fp, s11, (ra)
    amomin.w.rl s11, ra, (x16)
    amomin.w.rl ra, x16, (x0)
    amomin.w.rl x16, x0, (x31)
    amomin.w.aq x0, x31, (a0)
    amomin.w.aq x31, a0, (fp)
    amomin.w.aq a0, fp, (s11)
    amomin.w.aq fp, s11, (ra)
    amomin.w.aq s11, ra, (x16)
    amomin.w.aq ra, x16, (x0)
    amomin.w.aq x16, x0, (x31)
    amomin.w.aqrl x0, x31, (a0)
    amomin.w.aqrl x31, a0, (fp)
    amomin.w.aqrl a0, fp, (s11)
    amomin.w.aqrl fp, s11, (ra)
    amomin.w.aqrl s11, ra, (x16)
    amomin.w.aqrl ra, x16, (x0)
    amomin.w.aqrl x16, x0, (x31)
    amomax.w x0, x31, (a0)
    amomax.w x31, a0, (fp)
    amomax.w a0, fp, (s11)
    amomax.w fp, s11, (ra)
    amomax.w s11, ra, (x16)
    amomax.w ra, x16, (x0)
    amomax.w x16, x0, (x31)
    amomax.w.rl x0, x31, (a0)
    amomax.w.rl x31, a0, (fp)
    amomax.w.rl a0, fp, (s11)
    amomax.w.rl fp, s11, (ra)
    amomax.w.rl s11, ra, (x16)
    amomax.w.rl ra, x16, (x0)
    amomax.w.rl x16, x0, (x31)
    amomax.w.aq x0, x31, (a0)
    amomax.w.aq x31, a0, (fp)
    amomax.w.aq a0, fp, (s11)
    amomax.w.aq fp, s11, (ra)
    amomax.w.aq s11, ra, (x16)
    amomax.w.aq ra, x16, (x0)
    amomax.w.aq x16, x0, (x31)
    amomax.w.aqrl x0, x31, (a0)
    amomax.w.aqrl x31, a0, (fp)
    amomax.w.aqrl a0, fp, (s11)
    amomax.w.aqrl fp, s11, (ra)
    amomax.w.aqrl s11, ra, (x16)
    amomax.w.aqrl ra, x16, (x0)
    amomax.w.aqrl x16, x0, (x31)
    amominu.w x0, x31, (a0)
    amominu.w x31, a0, (fp)
    amominu.w a0, fp, (s11)
    amominu.w fp, s11, (ra)
    amominu.w s11, ra, (x16)
    amominu.w ra, x16, (x0)
    amominu.w x16, x0, (x31)
    amominu.w.rl x0, x31, (a0)
    amominu.w.rl x31, a0, (fp)
    amominu.w.rl a0, fp, (s11)
    amominu.w.rl fp, s11, (ra)
    amominu.w.rl s11, ra, (x16)
    amominu.w.rl ra, x16, (x0)
    amominu.w.rl x16, x0, (x31)
    amominu.w.aq x0, x31, (a0)
    amominu.w.aq x31, a0, (fp)
    amominu.w.aq a0, fp, (s11)
    amominu.w.aq fp, s11, (ra)
    amominu.w.aq s11, ra, (x16)
    amominu.w.aq ra, x16, (x0)
    amominu.w.aq x16, x0, (x31)
    amominu.w.aqrl x0, x31, (a0)
    amominu.w.aqrl x31, a0, (fp)
    amominu.w.aqrl a0, fp, (s11)
    amominu.w.aqrl fp, s11, (ra)
    amominu.w.aqrl s11, ra, (x16)
    amominu.w.aqrl ra, x16, (x0)
    amominu.w.aqrl x16, x0, (x31)
    amomaxu.w x0, x31, (a0)
    amomaxu.w x31, a0, (fp)
    amomaxu.w a0, fp, (s11)
    amomaxu.w fp, s11, (ra)
    amomaxu.w s11, ra, (x16)
    amomaxu.w ra, x16, (x0)
    amomaxu.w x16, x0, (x31)
    amomaxu.w.rl x0, x31, (a0)
    amomaxu.w.rl x31, a0, (fp)
    amomaxu.w.rl a0, fp, (s11)
    amomaxu.w.rl fp, s11, (ra)
    amomaxu.w.rl s11, ra, (x16)
    amomaxu.w.rl ra, x16, (x0)
    amomaxu.w.rl x16, x0, (x31)
    amomaxu.w.aq x0, x31, (a0)
    amomaxu.w.aq x31, a0, (fp)
    amomaxu.w.aq a0, fp, (s11)
    amomaxu.w.aq fp, s11, (ra)
    amomaxu.w.aq s11, ra, (x16)
    amomaxu.w.aq ra, x16, (x0)
    amomaxu.w.aq x16, x0, (x31)
    amomaxu.w.aqrl x0, x31, (a0)
    amomaxu.w.aqrl x31, a0, (fp)
    amomaxu.w.aqrl a0, fp, (s11)
    amomaxu.w.aqrl fp, s11, (ra)
    amomaxu.w.aqrl s11, ra, (x16)
    amomaxu.w.aqrl ra, x16, (x0)
    amomaxu.w.aqrl x16, x0, (x31)
    lr.d x0, (x31)
    lr.d x31, (a0)
    lr.d a0, (fp)
    lr.d fp, (s11)
    lr.d s11, (ra)
    lr.d ra, (x16)
    lr.d x16, (x0)
    lr.d.rl x0, (x31)
    lr.d.rl x31, (a0)
    lr.d.rl a0, (fp)
    lr.d.rl fp, (s11)
    lr.d.rl s11, (ra)
    lr.d.rl ra, (x16)
    lr.d.rl x16, (x0)
    lr.d.aq x0, (x31)
    lr.d.aq x31, (a0)
    lr.d.aq a0, (fp)
    lr.d.aq fp, (s11)
    lr.d.aq s11, (ra)
    lr.d.aq ra, (x16)
    lr.d.aq x16, (x0)
    lr.d.aqrl x0, (x31)
    lr.d.aqrl x31, (a0)
    lr.d.aqrl a0, (fp)
    lr.d.aqrl fp, (s11)
    lr.d.aqrl s11, (ra)
    lr.d.aqrl ra, (x16)
    lr.d.aqrl x16, (x0)
    sc.d x0, x31, (a0)
    sc.d x31, a0, (fp)
    sc.d a0, fp, (s11)
    sc.d fp, s11, (ra)
    sc.d s11, ra, (x16)
    sc.d ra, x16, (x0)
    sc.d x16, x0, (x31)
    sc.d.rl x0, x31, (a0)
    sc.d.rl x31, a0, (fp)
    sc.d.rl a0, fp, (s11)
    sc.d.rl fp, s11, (ra)
    sc.d.rl s11, ra, (x16)
    sc.d.rl ra, x16, (x0)
    sc.d.rl x16, x0, (x31)
    sc.d.aq x0, x31, (a0)
    sc.d.aq x31, a0, (fp)
    sc.d.aq a0, fp, (s11)
    sc.d.aq fp, s11, (ra)
    sc.d.aq s11, ra, (x16)
    sc.d.aq ra, x16, (x0)
    sc.d.aq x16, x0, (x31)
    sc.d.aqrl x0, x31, (a0)
    sc.d.aqrl x31, a0, (fp)
    sc.d.aqrl a0, fp, (s11)
    sc.d.aqrl fp, s11, (ra)
    sc.d.aqrl s11, ra, (x16)
    sc.d.aqrl ra, x16, (x0)
    sc.d.aqrl x16, x0, (x31)
    amoswap.d x0, x31, (a0)
    amoswap.d x31, a0, (fp)
    amoswap.d a0, fp, (s11)
    amoswap.d fp, s11, (ra)
    amoswap.d s11, ra, (x16)
    amoswap.d ra, x16, (x0)
    amoswap.d x16, x0, (x31)
    amoswap.d.rl x0, x31, (a0)
    amoswap.d.rl x31, a0, (fp)
    amoswap.d.rl a0, fp, (s11)
    amoswap.d.rl fp, s11, (ra)
    amoswap.d.rl s11, ra, (x16)
    amoswap.d.rl ra, x16, (x0)
    amoswap.d.rl x16, x0, (x31)
    amoswap.d.aq x0, x31, (a0)
    amoswap.d.aq x31, a0, (fp)
    amoswap.d.aq a0, fp, (s11)
    amoswap.d.aq fp, s11, (ra)
    amoswap.d.aq s11, ra, (x16)
    amoswap.d.aq ra, x16, (x0)
    amoswap.d.aq x16, x0, (x31)
    amoswap.d.aqrl x0, x31, (a0)
    amoswap.d.aqrl x31, a0, (fp)
    amoswap.d.aqrl a0, fp, (s11)
    amoswap.d.aqrl fp, s11, (ra)
    amoswap.d.aqrl s11, ra, (x16)
    amoswap.d.aqrl ra, x16, (x0)
    amoswap.d.aqrl x16, x0, (x31)
    amoadd.d x0, x31, (a0)
    amoadd.d x31, a0, (fp)
    amoadd.d a0, fp, (s11)
    amoadd.d fp, s11, (ra)
    amoadd.d s11, ra, (x16)
    amoadd.d ra, x16, (x0)
    amoadd.d x16, x0, (x31)
    amoadd.d.rl x0, x31, (a0)
    amoadd.d.rl x31, a0, (fp)
    amoadd.d.rl a0, fp, (s11)
    amoadd.d.rl fp, s11, (ra)
    amoadd.d.rl s11, ra, (x16)
    amoadd.d.rl ra, x16, (x0)
    amoadd.d.rl x16, x0, (x31)
    amoadd.d.aq x0, x31, (a0)
    amoadd.d.aq x31, a0, (fp)
    amoadd.d.aq a0, fp, (s11)
    amoadd.d.aq fp, s11, (ra)
    amoadd.d.aq s11, ra, (x16)
    amoadd.d.aq ra, x16, (x0)
    amoadd.d.aq x16, x0, (x31)
    amoadd.d.aqrl x0, x31, (a0)
    amoadd.d.aqrl x31, a0, (fp)
    amoadd.d.aqrl a0, fp, (s11)
    amoadd.d.aqrl fp, s11, (ra)
    amoadd.d.aqrl s11, ra, (x16)
    amoadd.d.aqrl ra, x16, (x0)
    amoadd.d.aqrl x16, x0, (x31)
    amoxor.d x0, x31, (a0)
    amoxor.d x31, a0, (fp)
    amoxor.d a0, fp, (s11)
    amoxor.d fp, s11, (ra)
    amoxor.d s11, ra, (x16)
    amoxor.d ra, x16, (x0)
    amoxor.d x16, x0, (x31)
    amoxor.d.rl x0, x31, (a0)
    amoxor.d.rl x31, a0, (fp)
    amoxor.d.rl a0, fp, (s11)
    amoxor.d.rl fp, s11, (ra)
    amoxor.d.rl s11, ra, (x16)
    amoxor.d.rl ra, x16, (x0)
    amoxor.d.rl x16, x0, (x31)
    amoxor.d.aq x0, x31, (a0)
    amoxor.d.aq x31, a0, (fp)
    amoxor.d.aq a0, fp, (s11)
    amoxor.d.aq fp, s11, (ra)
    amoxor.d.aq s11, ra, (x16)
    amoxor.d.aq ra, x16, (x0)
    amoxor.d.aq x16, x0, (x31)
    amoxor.d.aqrl x0, x31, (a0)
    amoxor.d.aqrl x31, a0, (fp)
    amoxor.d.aqrl a0, fp, (s11)
    amoxor.d.aqrl fp, s11, (ra)
    amoxor.d.aqrl s11, ra, (x16)
    amoxor.d.aqrl ra, x16, (x0)
    amoxor.d.aqrl x16, x0, (x31)
    amoand.d x0, x31, (a0)
    amoand.d x31, a0, (fp)
    amoand.d a0, fp, (s11)
    amoand.d fp, s11, (ra)
    amoand.d s11, ra, (x16)
    amoand.d ra, x16, (x0)
    amoand.d x16, x0, (x31)
    amoand.d.rl x0, x31, (a0)
    amoand.d.rl x31, a0, (fp)
    amoand.d.rl a0, fp, (s11)
    amoand.d.rl fp, s11, (ra)
    amoand.d.rl s11, ra, (x16)
    amoand.d.rl ra, x16, (x0)
    amoand.d.rl x16, x0, (x31)
    amoand.d.aq x0, x31, (a0)
    amoand.d.aq x31, a0, (fp)
    amoand.d.aq a0, fp, (s11)
    amoand.d.aq fp, s11, (ra)
    amoand.d.aq s11, ra, (x16)
    amoand.d.aq ra, x16, (x0)
    amoand.d.aq x16, x0, (x31)
    amoand.d.aqrl x0, x31, (a0)
    amoand.d.aqrl x31, a0, (fp)
    amoand.d.aqrl a0, fp, (s11)
    amoand.d.aqrl fp, s11, (ra)
    amoand.d.aqrl s11, ra, (x16)
    amoand.d.aqrl ra, x16, (x0)
    amoand.d.aqrl x16, x0, (x31)
    amoor.d x0, x31, (a0)
    amoor.d x31, a0, (fp)
    amoor.d a0, fp, (s11)
    amoor.d fp, s11, (ra)
    amoor.d s11, ra, (x16)
    amoor.d ra, x16, (x0)
    amoor.d x16, x0, (x31)
    amoor.d.rl x0, x31, (a0)
    amoor.d.rl x31, a0, (fp)
    amoor.d.rl a0, fp, (s11)
    amoor.d.rl fp, s11, (ra)
    amoor.d.rl s11, ra, (x16)
    amoor.d.rl ra, x16, (x0)
    amoor.d.rl x16, x0, (x31)
    amoor.d.aq x0, x31, (a0)
    amoor.d.aq x31, a0, (fp)
    amoor.d.aq a0, fp, (s11)
    amoor.d.aq fp, s11, (ra)
    amoor.d.aq s11, ra, (x16)
    amoor.d.aq ra, x16, (x0)
    amoor.d.aq x16, x0, (x31)
    amoor.d.aqrl x0, x31, (a0)
    amoor.d.aqrl x31, a0, (fp)
    amoor.d.aqrl a0, fp, (s11)
    amoor.d.aqrl fp, s11, (ra)
    amoor.d.aqrl s11, ra, (x16)
    amoor.d.aqrl ra, x16, (x0)
    amoor.d.aqrl x16, x0, (x31)
    amomin.d x0, x31, (a0)
    amomin.d x31, a0, (fp)
    amomin.d a0, fp, (s11)
    amomin.d fp, s11, (ra)
    amomin.d s11, ra, (x16)
    amomin.d ra, x16, (x0)
    amomin.d x16, x0, (x31)
    amomin.d.rl x0, x31, (a0)
    amomin.d.rl x31, a0, (fp)
    amomin.d.rl a0, fp, (s11)
    amomin.d.rl fp, s11, (ra)
    amomin.d.rl s11, ra, (x16)
    amomin.d.rl ra, x16, (x0)
    amomin.d.rl x16, x0, (x31)
    amomin.d.aq x0, x31, (a0)
    amomin.d.aq x31, a0, (fp)
    amomin.d.aq a0, fp, (s11)
    amomin.d.aq fp, s11, (ra)
    amomin.d.aq s11, ra, (x16)
    amomin.d.aq ra, x16, (x0)
    amomin.d.aq x16, x0, (x31)
    amomin.d.aqrl x0, x31, (a0)
    amomin.d.aqrl x31, a0, (fp)
    amomin.d.aqrl a0, fp, (s11)
    amomin.d.aqrl fp, s11, (ra)
    amomin.d.aqrl s11, ra, (x16)
    amomin.d.aqrl ra, x16, (x0)
    amomin.d.aqrl x16, x0, (x31)
    amomax.d x0, x31, (a0)
    amomax.d x31, a0, (fp)
    amomax.d a0, fp, (s11)
    amomax.d fp, s11, (ra)
    amomax.d s11, ra, (x16)
    amomax.d ra, x16, (x0)
    amomax.d x16, x0, (x31)
    amomax.d.rl x0, x31, (a0)
    amomax.d.rl x31, a0, (fp)
    amomax.d.rl a0, fp, (s11)
    amomax.d.rl fp, s11, (ra)
    amomax.d.rl s11, ra, (x16)
    amomax.d.rl ra, x16, (x0)
    amomax.d.rl x16, x0, (x31)
    amomax.d.aq x0, x31, (a0)
    amomax.d.aq x31, a0, (fp)
    amomax.d.aq a0, fp, (s11)
    amomax.d.aq fp, s11, (ra)
    amomax.d.aq s11, ra, (x16)
    amomax.d.aq ra, x16, (x0)
    amomax.d.aq x16, x0, (x31)
    amomax.d.aqrl x0, x31, (a0)
    amomax.d.aqrl x31, a0, (fp)
    amomax.d.aqrl a0, fp, (s11)
    amomax.d.aqrl fp, s11, (ra)
    amomax.d.aqrl s11, ra, (x16)
    amomax.d.aqrl ra, x16, (x0)
    amomax.d.aqrl x16, x0, (x31)
    amominu.d x0, x31, (a0)
    amominu.d x31, a0, (fp)
    amominu.d a0, fp, (s11)
    amominu.d fp, s11, (ra)
    amominu.d s11, ra, (x16)
    amominu.d ra, x16, (x0)
    amominu.d x16, x0, (x31)
    amominu.d.rl x0, x31, (a0)
    amominu.d.rl x31, a0, (fp)
    amominu.d.rl a0, fp, (s11)
    amominu.d.rl fp, s11, (ra)
    amominu.d.rl s11, ra, (x16)
    amominu.d.rl ra, x16, (x0)
    amominu.d.rl x16, x0, (x31)
    amominu.d.aq x0, x31, (a0)
    amominu.d.aq x31, a0, (fp)
    amominu.d.aq a0, fp, (s11)
    amominu.d.aq fp, s11, (ra)
    amominu.d.aq s11, ra, (x16)
    amominu.d.aq ra, x16, (x0)
    amominu.d.aq x16, x0, (x31)
    amominu.d.aqrl x0, x31, (a0)
    amominu.d.aqrl x31, a0, (fp)
    amominu.d.aqrl a0, fp, (s11)
    amominu.d.aqrl fp, s11, (ra)
    amominu.d.aqrl s11, ra, (x16)
    amominu.d.aqrl ra, x16, (x0)
    amominu.d.aqrl x16, x0, (x31)
    amomaxu.d x0, x31, (a0)
    amomaxu.d x31, a0, (fp)
    amomaxu.d a0, fp, (s11)
    amomaxu.d fp, s11, (ra)
    amomaxu.d s11, ra, (x16)
    amomaxu.d ra, x16, (x0)
    amomaxu.d x16, x0, (x31)
    amomaxu.d.rl x0, x31, (a0)
    amomaxu.d.rl x31, a0, (fp)
    amomaxu.d.rl a0, fp, (s11)
    amomaxu.d.rl fp, s11, (ra)
    amomaxu.d.rl s11, ra, (x16)
    amomaxu.d.rl ra, x16, (x0)
    amomaxu.d.rl x16, x0, (x31)
    amomaxu.d.aq x0, x31, (a0)
    amomaxu.d.aq x31, a0, (fp)
    amomaxu.d.aq a0, fp, (s11)
    amomaxu.d.aq fp, s11, (ra)
    amomaxu.d.aq s11, ra, (x16)
    amomaxu.d.aq ra, x16, (x0)
    amomaxu.d.aq x16, x0, (x31)
    amomaxu.d.aqrl x0, x31, (a0)
    amomaxu.d.aqrl x31, a0, (fp)
    amomaxu.d.aqrl a0, fp, (s11)
    amomaxu.d.aqrl fp, s11, (ra)
    amomaxu.d.aqrl s11, ra, (x16)
    amomaxu.d.aqrl ra, x16, (x0)
    amomaxu.d.aqrl x16, x0, (x31)
    add.uw x0, x31, a0
    add.uw x31, a0, fp
    add.uw a0, fp, s11
    add.uw fp, s11, ra
    add.uw s11, ra, x16
    add.uw ra, x16, x0
    add.uw x16, x0, x31
    sh1add x0, x31, a0
    sh1add x31, a0, fp
    sh1add a0, fp, s11
    sh1add fp, s11, ra
    sh1add s11, ra, x16
    sh1add ra, x16, x0
    sh1add x16, x0, x31
    sh1add.uw x0, x31, a0
    sh1add.uw x31, a0, fp
    sh1add.uw a0, fp, s11
    sh1add.uw fp, s11, ra
    sh1add.uw s11, ra, x16
    sh1add.uw ra, x16, x0
    sh1add.uw x16, x0, x31
    sh2add x0, x31, a0
    sh2add x31, a0, fp
    sh2add a0, fp, s11
    sh2add fp, s11, ra
    sh2add s11, ra, x16
    sh2add ra, x16, x0
    sh2add x16, x0, x31
    sh2add.uw x0, x31, a0
    sh2add.uw x31, a0, fp
    sh2add.uw a0, fp, s11
    sh2add.uw fp, s11, ra
    sh2add.uw s11, ra, x16
    sh2add.uw ra, x16, x0
    sh2add.uw x16, x0, x31
    sh3add x0, x31, a0
    sh3add x31, a0, fp
    sh3add a0, fp, s11
    sh3add fp, s11, ra
    sh3add s11, ra, x16
    sh3add ra, x16, x0
    sh3add x16, x0, x31
    sh3add.uw x0, x31, a0
    sh3add.uw x31, a0, fp
    sh3add.uw a0, fp, s11
    sh3add.uw fp, s11, ra
    sh3add.uw s11, ra, x16
    sh3add.uw ra, x16, x0
    sh3add.uw x16, x0, x31
    slli.uw x0, x31, 0
    slli.uw x31, a0, 1
    slli.uw a0, fp, 1
    slli.uw fp, s11, 62
    slli.uw s11, ra, 0
    slli.uw ra, x16, 63
    slli.uw x16, x0, 0
    andn x0, x31, a0
    andn x31, a0, fp
    andn a0, fp, s11
    andn fp, s11, ra
    andn s11, ra, x16
    andn ra, x16, x0
    andn x16, x0, x31
    orn x0, x31, a0
    orn x31, a0, fp
    orn a0, fp, s11
    orn fp, s11, ra
    orn s11, ra, x16
    orn ra, x16, x0
    orn x16, x0, x31
    xnor x0, x31, a0
    xnor x31, a0, fp
    xnor a0, fp, s11
    xnor fp, s11, ra
    xnor s11, ra, x16
    xnor ra, x16, x0
    xnor x16, x0, x31
    clz x0, x31
    clz x31, a0
    clz a0, fp
    clz fp, s11
    clz s11, ra
    clz ra, x16
    clz x16, x0
    ctz x0, x31
    ctz x31, a0
    ctz a0, fp
    ctz fp, s11
    ctz s11, ra
    ctz ra, x16
    ctz x16, x0
    cpop x0, x31
    cpop x31, a0
    cpop a0, fp
    cpop fp, s11
    cpop s11, ra
    cpop ra, x16
    cpop x16, x0
    clzw x0, x31
    clzw x31, a0
    clzw a0, fp
    clzw fp, s11
    clzw s11, ra
    clzw ra, x16
    clzw x16, x0
    ctzw x0, x31
    ctzw x31, a0
    ctzw a0, fp
    ctzw fp, s11
    ctzw s11, ra
    ctzw ra, x16
    ctzw x16, x0
    cpopw x0, x31
    cpopw x31, a0
    cpopw a0, fp
    cpopw fp, s11
    cpopw s11, ra
    cpopw ra, x16
    cpopw x16, x0
    min x0, x31, a0
    min x31, a0, fp
    min a0, fp, s11
    min fp, s11, ra
    min s11, ra, x16
    min ra, x16, x0
    min x16, x0, x31
    minu x0, x31, a0
    minu x31, a0, fp
    minu a0, fp, s11
    minu fp, s11, ra
    minu s11, ra, x16
    minu ra, x16, x0
    minu x16, x0, x31
    max x0, x31, a0
    max x31, a0, fp
    max a0, fp, s11
    max fp, s11, ra
    max s11, ra, x16
    max ra, x16, x0
    max x16, x0, x31
    maxu x0, x31, a0
    maxu x31, a0, fp
    maxu a0, fp, s11
    maxu fp, s11, ra
    maxu s11, ra, x16
    maxu ra, x16, x0
    maxu x16, x0, x31
    sext.b x0, x31
    sext.b x31, a0
    sext.b a0, fp
    sext.b fp, s11
    sext.b s11, ra
    sext.b ra, x16
    sext.b x16, x0
    sext.h x0, x31
    sext.h x31, a0
    sext.h a0, fp
    sext.h fp, s11
    sext.h s11, ra
    sext.h ra, x16
    sext.h x16, x0
    zext.h x0, x31
    zext.h x31, a0
    zext.h a0, fp
    zext.h fp, s11
    zext.h s11, ra
    zext.h ra, x16
    zext.h x16, x0
    rol x0, x31, a0
    rol x31, a0, fp
    rol a0, fp, s11
    rol fp, s11, ra
    rol s11, ra, x16
    rol ra, x16, x0
    rol x16, x0, x31
    ror x0, x31, a0
    ror x31, a0, fp
    ror a0, fp, s11
    ror fp, s11, ra
    ror s11, ra, x16
    ror ra, x16, x0
    ror x16, x0, x31
    rori x0, x31, 0
    rori x31, a0, 1
    rori a0, fp, 1
    rori fp, s11, 62
    rori s11, ra, 0
    rori ra, x16, 63
    rori x16, x0, 0
    rolw x0, x31, a0
    rolw x31, a0, fp
    rolw a0, fp, s11
    rolw fp, s11, ra
    rolw s11, ra, x16
    rolw ra, x16, x0
    rolw x16, x0, x31
    rorw x0, x31, a0
    rorw x31, a0, fp
    rorw a0, fp, s11
    rorw fp, s11, ra
    rorw s11, ra, x16
    rorw ra, x16, x0
    rorw x16, x0, x31
    roriw x0, x31, 0
    roriw x31, a0, 1
    roriw a0, fp, 1
    roriw fp, s11, 30
    roriw s11, ra, 0
    roriw ra, x16, 31
    roriw x16, x0, 0
    orc.b x0, x31
    orc.b x31, a0
    orc.b a0, fp
    orc.b fp, s11
    orc.b s11, ra
    orc.b ra, x16
    orc.b x16, x0
    rev8 x0, x31
    rev8 x31, a0
    rev8 a0, fp
    rev8 fp, s11
    rev8 s11, ra
    rev8 ra, x16
    rev8 x16, x0
    bclr x0, x31, a0
    bclr x31, a0, fp
    bclr a0, fp, s11
    bclr fp, s11, ra
    bclr s11, ra, x16
    bclr ra, x16, x0
    bclr x16, x0, x31
    bclri x0, x31, 0
    bclri x31, a0, 1
    bclri a0, fp, 1
    bclri fp, s11, 62
    bclri s11, ra, 0
    bclri ra, x16, 63
    bclri x16, x0, 0
    bext x0, x31, a0
    bext x31, a0, fp
    bext a0, fp, s11
    bext fp, s11, ra
    bext s11, ra, x16
    bext ra, x16, x0
    bext x16, x0, x31
    bexti x0, x31, 0
    bexti x31, a0, 1
    bexti a0, fp, 1
    bexti fp, s11, 62
    bexti s11, ra, 0
    bexti ra, x16, 63
    bexti x16, x0, 0
    binv x0, x31, a0
    binv x31, a0, fp
    binv a0, fp, s11
    binv fp, s11, ra
    binv s11, ra, x16
    binv ra, x16, x0
    binv x16, x0, x31
    binvi x0, x31, 0
    binvi x31, a0, 1
    binvi a0, fp, 1
    binvi fp, s11, 62
    binvi s11, ra, 0
    binvi ra, x16, 63
    binvi x16, x0, 0
    bset x0, x31, a0
    bset x31, a0, fp
    bset a0, fp, s11
    bset fp, s11, ra
    bset s11, ra, x16
    bset ra, x16, x0
    bset x16, x0, x31
    bseti x0, x31, 0
    bseti x31, a0, 1
    bseti a0, fp, 1
    bseti fp, s11, 62
    bseti s11, ra, 0
    bseti ra, x16, 63
    bseti x16, x0, 0
    csrrw x0, 4095, a0
    csrrw x31, 0x7c0, fp
    csrrw a0, fflags, s11
    csrrw fp, frm, ra
    csrrw s11, fcsr, x16
    csrrw ra, seed, x0
    csrrw x16, sstatus, x31
    csrrw x0, stvec, fp
    csrrw x31, scounteren, s11
    csrrw a0, senvcfg, ra
    csrrw fp, sscratch, x16
    csrrw s11, sepc, x0
    csrrw ra, scause, x31
    csrrw x16, stval, a0
    csrrw x0, stimecmp, s11
    csrrw x31, satp, ra
    csrrw a0, mstatus, x16
    csrrw fp, misa, x0
    csrrw s11, medeleg, x31
    csrrw ra, mideleg, a0
    csrrw x16, mie, fp
    csrrw x0, mcounteren, ra
    csrrw x31, menvcfg, x16
    csrrw a0, mcountinhibit, x0
    csrrw fp, mhpmevent3, x31
    csrrw s11, mhpmevent4, a0
    csrrw ra, mhpmevent5, fp
    csrrw x16, mhpmevent6, s11
    csrrw x0, mhpmevent8, x16
    csrrw x31, mhpmevent9, x0
    csrrw a0, mhpmevent10, x31
    csrrw fp, mhpmevent11, a0
    csrrw s11, mhpmevent12, fp
    csrrw ra, mhpmevent13, s11
    csrrw x16, mhpmevent14, ra
    csrrw x0, mhpmevent16, x0
    csrrw x31, mhpmevent17, x31
    csrrw a0, mhpmevent18, a0
    csrrw fp, mhpmevent19, fp
    csrrw s11, mhpmevent20, s11
    csrrw ra, mhpmevent21, ra
    csrrw x16, mhpmevent22, x16
    csrrw x0, mhpmevent24, x31
    csrrw x31, mhpmevent25, a0
    csrrw a0, mhpmevent26, fp
    csrrw fp, mhpmevent27, s11
    csrrw s11, mhpmevent28, ra
    csrrw ra, mhpmevent29, x16
    csrrw x16, mhpmevent30, x0
    csrrw x0, mscratch, a0
    csrrw x31, mepc, fp
    csrrw a0, mcause, s11
    csrrw fp, mtval, ra
    csrrw s11, mip, x16
    csrrw ra, pmpcfg0, x0
    csrrw x16, pmpcfg2, x31
    csrrw x0, pmpaddr1, fp
    csrrw x31, pmpaddr2, s11
    csrrw a0, pmpaddr3, ra
    csrrw fp, pmpaddr4, x16
    csrrw s11, pmpaddr5, x0
    csrrw ra, pmpaddr6, x31
    csrrw x16, pmpaddr7, a0
    csrrw x0, pmpaddr9, s11
    csrrw x31, pmpaddr10, ra
    csrrw a0, pmpaddr11, x16
    csrrw fp, pmpaddr12, x0
    csrrw s11, pmpaddr13, x31
    csrrw ra, pmpaddr14, a0
    csrrw x16, pmpaddr15, fp
    csrrw x0, tselect, ra
    csrrw x31, tdata1, x16
    csrrw a0, tdata2, x0
    csrrw fp, tdata3, x31
    csrrw s11, mcycle, a0
    csrrw ra, minstret, fp
    csrrw x16, mhpmcounter3, s11
    csrrw x0, mhpmcounter5, x16
    csrrw x31, mhpmcounter6, x0
    csrrw a0, mhpmcounter7, x31
    csrrw fp, mhpmcounter8, a0
    csrrw s11, mhpmcounter9, fp
    csrrw ra, mhpmcounter10, s11
    csrrw x16, mhpmcounter11, ra
    csrrw x0, mhpmcounter13, x0
    csrrw x31, mhpmcounter14, x31
    csrrw a0, mhpmcounter15, a0
    csrrw fp, mhpmcounter16, fp
    csrrw s11, mhpmcounter17, s11
    csrrw ra, mhpmcounter18, ra
    csrrw x16, mhpmcounter19, x16
    csrrw x0, mhpmcounter21, x31
    csrrw x31, mhpmcounter22, a0
    csrrw a0, mhpmcounter23, fp
    csrrw fp, mhpmcounter24, s11
    csrrw s11, mhpmcounter25, ra
    csrrw ra, mhpmcounter26, x16
    csrrw x16, mhpmcounter27, x0
    csrrw x0, mhpmcounter29, a0
    csrrw x31, mhpmcounter30, fp
    csrrw a0, mhpmcounter31, s11
    csrrw fp, cycle, ra
    csrrw s11, time, x16
    csrrw ra, instret, x0
    csrrw x16, mvendorid, x31
    csrrw x0, mimpid, fp
    csrrw x31, mhartid, s11
    csrrw a0, mconfigptr, ra
    csrrw fp, 0, x16
    csrrw s11, 4095, x0
    csrrw ra, 0x7c0, x31
    csrrw x16, fflags, a0
    csrrw x0, fcsr, s11
    csrrw x31, seed, ra
    csrrw a0, sstatus, x16
    csrrw fp, sie, x0
    csrrw s11, stvec, x31
    csrrw ra, scounteren, a0
    csrrw x16, senvcfg, fp
    csrrw x0, sepc, ra
    csrrw x31, scause, x16
    csrrw a0, stval, x0
    csrrw fp, sip, x31
    csrrw s11, stimecmp, a0
    csrrwi x0, 4095, 0
    csrrwi x31, 0x7c0, 1
    csrrwi a0, fflags, 1
    csrrwi fp, frm, 30
    csrrwi s11, fcsr, 0
    csrrwi ra, seed, 31
    csrrwi x16, sstatus, 0
    csrrwi x0, stvec, 1
    csrrwi x31, scounteren, 30
    csrrwi a0, senvcfg, 0
    csrrwi fp, sscratch, 31
    csrrwi s11, sepc, 0
    csrrwi ra, scause, 1
    csrrwi x16, stval, 1
    csrrwi x0, stimecmp, 0
    csrrwi x31, satp, 31
    csrrwi a0, mstatus, 0
    csrrwi fp, misa, 1
    csrrwi s11, medeleg, 1
    csrrwi ra, mideleg, 30
    csrrwi x16, mie, 0
    csrrwi x0, mcounteren, 0
    csrrwi x31, menvcfg, 1
    csrrwi a0, mcountinhibit, 1
    csrrwi fp, mhpmevent3, 30
    csrrwi s11, mhpmevent4, 0
    csrrwi ra, mhpmevent5, 31
    csrrwi x16, mhpmevent6, 0
    csrrwi x0, mhpmevent8, 1
    csrrwi x31, mhpmevent9, 30
    csrrwi a0, mhpmevent10, 0
    csrrwi fp, mhpmevent11, 31
    csrrwi s11, mhpmevent12, 0
    csrrwi ra, mhpmevent13, 1
    csrrwi x16, mhpmevent14, 1
    csrrwi x0, mhpmevent16, 0
    csrrwi x31, mhpmevent17, 31
    csrrwi a0, mhpmevent18, 0
    csrrwi fp, mhpmevent19, 1
    csrrwi s11, mhpmevent20, 1
    csrrwi ra, mhpmevent21, 30
    csrrwi x16, mhpmevent22, 0
    csrrwi x0, mhpmevent24, 0
    csrrwi x31, mhpmevent25, 1
    csrrwi a0, mhpmevent26, 1
    csrrwi fp, mhpmevent27, 30
    csrrwi s11, mhpmevent28, 0
    csrrwi ra, mhpmevent29, 31
    csrrwi x16, mhpmevent30, 0
    csrrwi x0, mscratch, 1
    csrrwi x31, mepc, 30
    csrrwi a0, mcause, 0
    csrrwi fp, mtval, 31
    csrrwi s11, mip, 0
    csrrwi ra, pmpcfg0, 1
    csrrwi x16, pmpcfg2, 1
    csrrwi x0, pmpaddr1, 0
    csrrwi x31, pmpaddr2, 31
    csrrwi a0, pmpaddr3, 0
    csrrwi fp, pmpaddr4, 1
    csrrwi s11, pmpaddr5, 1
    csrrwi ra, pmpaddr6, 30
    csrrwi x16, pmpaddr7, 0
    csrrwi x0, pmpaddr9, 0
    csrrwi x31, pmpaddr10, 1
    csrrwi a0, pmpaddr11, 1
    csrrwi fp, pmpaddr12, 30
    csrrwi s11, pmpaddr13, 0
    csrrwi ra, pmpaddr14, 31
    csrrwi x16, pmpaddr15, 0
    csrrwi x0, tselect, 1
    csrrwi x31, tdata1, 30
    csrrwi a0, tdata2, 0
    csrrwi fp, tdata3, 31
    csrrwi s11, mcycle, 0
    csrrwi ra, minstret, 1
    csrrwi x16, mhpmcounter3, 1
    csrrwi x0, mhpmcounter5, 0
    csrrwi x31, mhpmcounter6, 31
    csrrwi a0, mhpmcounter7, 0
    csrrwi fp, mhpmcounter8, 1
    csrrwi s11, mhpmcounter9, 1
    csrrwi ra, mhpmcounter10, 30
    csrrwi x16, mhpmcounter11, 0
    csrrwi x0, mhpmcounter13, 0
    csrrwi x31, mhpmcounter14, 1
    csrrwi a0, mhpmcounter15, 1
    csrrwi fp, mhpmcounter16, 30
    csrrwi s11, mhpmcounter17, 0
    csrrwi ra, mhpmcounter18, 31
    csrrwi x16, mhpmcounter19, 0
    csrrwi x0, mhpmcounter21, 1
    csrrwi x31, mhpmcounter22, 30
    csrrwi a0, mhpmcounter23, 0
    csrrwi fp, mhpmcounter24, 31
    csrrwi s11, mhpmcounter25, 0
    csrrwi ra, mhpmcounter26, 1
    csrrwi x16, mhpmcounter27, 1
    csrrwi x0, mhpmcounter29, 0
    csrrwi x31, mhpmcounter30, 31
    csrrwi a0, mhpmcounter31, 0
    csrrwi fp, cycle, 1
    csrrwi s11, time, 1
    csrrwi ra, instret, 30
    csrrwi x16, mvendorid, 0
    csrrwi x0, mimpid, 0
    csrrwi x31, mhartid, 1
    csrrwi a0, mconfigptr, 1
    csrrwi fp, 0, 30
    csrrwi s11, 4095, 0
    csrrwi ra, 0x7c0, 31
    csrrwi x16, fflags, 0
    csrrwi x0, fcsr, 1
    csrrwi x31, seed, 30
    csrrwi a0, sstatus, 0
    csrrwi fp, sie, 31
    csrrwi s11, stvec, 0
    csrrwi ra, scounteren, 1
    csrrwi x16, senvcfg, 1
    csrrwi x0, sepc, 0
    csrrwi x31, scause, 31
    csrrwi a0, stval, 0
    csrrwi fp, sip, 1
    csrrwi s11, stimecmp, 1
    csrrs x0, 4095, a0
    csrrs x31, 0x7c0, fp
    csrrs a0, fflags, s11
    csrrs fp, frm, ra
    csrrs s11, fcsr, x16
    csrrs ra, seed, x0
    csrrs x16, sstatus, x31
    csrrs x0, stvec, fp
    csrrs x31, scounteren, s11
    csrrs a0, senvcfg, ra
    csrrs fp, sscratch, x16
    csrrs s11, sepc, x0
    csrrs ra, scause, x31
    csrrs x16, stval, a0
    csrrs x0, stimecmp, s11
    csrrs x31, satp, ra
    csrrs a0, mstatus, x16
    csrrs fp, misa, x0
    csrrs s11, medeleg, x31
    csrrs ra, mideleg, a0
    csrrs x16, mie, fp
    csrrs x0, mcounteren, ra
    csrrs x31, menvcfg, x16
    csrrs a0, mcountinhibit, x0
    csrrs fp, mhpmevent3, x31
    csrrs s11, mhpmevent4, a0
    csrrs ra, mhpmevent5, fp
    csrrs x16, mhpmevent6, s11
    csrrs x0, mhpmevent8, x16
    csrrs x31, mhpmevent9, x0
    csrrs a0, mhpmevent10, x31
    csrrs fp, mhpmevent11, a0
    csrrs s11, mhpmevent12, fp
    csrrs ra, mhpmevent13, s11
    csrrs x16, mhpmevent14, ra
    csrrs x0, mhpmevent16, x0
    csrrs x31, mhpmevent17, x31
    csrrs a0, mhpmevent18, a0
    csrrs fp, mhpmevent19, fp
    csrrs s11, mhpmevent20, s11
    csrrs ra, mhpmevent21, ra
    csrrs x16, mhpmevent22, x16
    csrrs x0, mhpmevent24, x31
    csrrs x31, mhpmevent25, a0
    csrrs a0, mhpmevent26, fp
    csrrs fp, mhpmevent27, s11
    csrrs s11, mhpmevent28, ra
    csrrs ra, mhpmevent29, x16
    csrrs x16, mhpmevent30, x0
    csrrs x0, mscratch, a0
    csrrs x31, mepc, fp
    csrrs a0, mcause, s11
    csrrs fp, mtval, ra
    csrrs s11, mip, x16
    csrrs ra, pmpcfg0, x0
    csrrs x16, pmpcfg2, x31
    csrrs x0, pmpaddr1, fp
    csrrs x31, pmpaddr2, s11
    csrrs a0, pmpaddr3, ra
    csrrs fp, pmpaddr4, x16
    csrrs s11, pmpaddr5, x0
    csrrs ra, pmpaddr6, x31
    csrrs x16, pmpaddr7, a0
    csrrs x0, pmpaddr9, s11
    csrrs x31, pmpaddr10, ra
    csrrs a0, pmpaddr11, x16
    csrrs fp, pmpaddr12, x0
    csrrs s11, pmpaddr13, x31
    csrrs ra, pmpaddr14, a0
    csrrs x16, pmpaddr15, fp
    csrrs x0, tselect, ra
    csrrs x31, tdata1, x16
    csrrs a0, tdata2, x0
    csrrs fp, tdata3, x31
    csrrs s11, mcycle, a0
    csrrs ra, minstret, fp
    csrrs x16, mhpmcounter3, s11
    csrrs x0, mhpmcounter5, x16
    csrrs x31, mhpmcounter6, x0
    csrrs a0, mhpmcounter7, x31
    csrrs fp, mhpmcounter8, a0
    csrrs s11, mhpmcounter9, fp
    csrrs ra, mhpmcounter10, s11
    csrrs x16, mhpmcounter11, ra
    csrrs x0, mhpmcounter13, x0
    csrrs x31, mhpmcounter14, x31
    csrrs a0, mhpmcounter15, a0
    csrrs fp, mhpmcounter16, fp
    csrrs s11, mhpmcounter17, s11
    csrrs ra, mhpmcounter18, ra
    csrrs x16, mhpmcounter19, x16
    csrrs x0, mhpmcounter21, x31
    csrrs x31, mhpmcounter22, a0
    csrrs a0, mhpmcounter23, fp
    csrrs fp, mhpmcounter24, s11
    csrrs s11, mhpmcounter25, ra
    csrrs ra, mhpmcounter26, x16
    csrrs x16, mhpmcounter27, x0
    csrrs x0, mhpmcounter29, a0
    csrrs x31, mhpmcounter30, fp
    csrrs a0, mhpmcounter31, s11
    csrrs fp, cycle, ra
    csrrs s11, time, x16
    csrrs ra, instret, x0
    csrrs x16, mvendorid, x31
    csrrs x0, mimpid, fp
    csrrs x31, mhartid, s11
    csrrs a0, mconfigptr, ra
    csrrs fp, 0, x16
    csrrs s11, 4095, x0
    csrrs ra, 0x7c0, x31
    csrrs x16, fflags, a0
    csrrs x0, fcsr, s11
    csrrs x31, seed, ra
    csrrs a0, sstatus, x16
    csrrs fp, sie, x0
    csrrs s11, stvec, x31
    csrrs ra, scounteren, a0
    csrrs x16, senvcfg, fp
    csrrs x0, sepc, ra
    csrrs x31, scause, x16
    csrrs a0, stval, x0
    csrrs fp, sip, x31
    csrrs s11, stimecmp, a0
    csrrsi x0, 4095, 0
    csrrsi x31, 0x7c0, 1
    csrrsi a0, fflags, 1
    csrrsi fp, frm, 30
    csrrsi s11, fcsr, 0
    csrrsi ra, seed, 31
    csrrsi x16, sstatus, 0
    csrrsi x0, stvec, 1
    csrrsi x31, scounteren, 30
    csrrsi a0, senvcfg, 0
    csrrsi fp, sscratch, 31
    csrrsi s11, sepc, 0
    csrrsi ra, scause, 1
    csrrsi x16, stval, 1
    csrrsi x0, stimecmp, 0
    csrrsi x31, satp, 31
    csrrsi a0, mstatus, 0
    csrrsi fp, misa, 1
    csrrsi s11, medeleg, 1
    csrrsi ra, mideleg, 30
    csrrsi x16, mie, 0
    csrrsi x0, mcounteren, 0
    csrrsi x31, menvcfg, 1
    csrrsi a0, mcountinhibit, 1
    csrrsi fp, mhpmevent3, 30
    csrrsi s11, mhpmevent4, 0
    csrrsi ra, mhpmevent5, 31
    csrrsi x16, mhpmevent6, 0
    csrrsi x0, mhpmevent8, 1
    csrrsi x31, mhpmevent9, 30
    csrrsi a0, mhpmevent10, 0
    csrrsi fp, mhpmevent11, 31
    csrrsi s11, mhpmevent12, 0
    csrrsi ra, mhpmevent13, 1
    csrrsi x16, mhpmevent14, 1
    csrrsi x0, mhpmevent16, 0
    csrrsi x31, mhpmevent17, 31
    csrrsi a0, mhpmevent18, 0
    csrrsi fp, mhpmevent19, 1
    csrrsi s11, mhpmevent20, 1
    csrrsi ra, mhpmevent21, 30
    csrrsi x16, mhpmevent22, 0
    csrrsi x0, mhpmevent24, 0
    csrrsi x31, mhpmevent25, 1
    csrrsi a0, mhpmevent26, 1
    csrrsi fp, mhpmevent27, 30
    csrrsi s11, mhpmevent28, 0
    csrrsi ra, mhpmevent29, 31
    csrrsi x16, mhpmevent30, 0
    csrrsi x0, mscratch, 1
    csrrsi x31, mepc, 30
    csrrsi a0, mcause, 0
    csrrsi fp, mtval, 31
    csrrsi s11, mip, 0
    csrrsi ra, pmpcfg0, 1
    csrrsi x16, pmpcfg2, 1
    csrrsi x0, pmpaddr1, 0
    csrrsi x31, pmpaddr2, 31
    csrrsi a0, pmpaddr3, 0
    csrrsi fp, pmpaddr4, 1
    csrrsi s11, pmpaddr5, 1
    csrrsi ra, pmpaddr6, 30
    csrrsi x16, pmpaddr7, 0
    csrrsi x0, pmpaddr9, 0
    csrrsi x31, pmpaddr10, 1
    csrrsi a0, pmpaddr11, 1
    csrrsi fp, pmpaddr12, 30
    csrrsi s11, pmpaddr13, 0
    csrrsi ra, pmpaddr14, 31
    csrrsi x16, pmpaddr15, 0
    csrrsi x0, tselect, 1
    csrrsi x31, tdata1, 30
    csrrsi a0, tdata2, 0
    csrrsi fp, tdata3, 31
    csrrsi s11, mcycle, 0
    csrrsi ra, minstret, 1
    csrrsi x16, mhpmcounter3, 1
    csrrsi x0, mhpmcounter5, 0
    csrrsi x31, mhpmcounter6, 31
    csrrsi a0, mhpmcounter7, 0
    csrrsi fp, mhpmcounter8, 1
    csrrsi s11, mhpmcounter9, 1
    csrrsi ra, mhpmcounter10, 30
    csrrsi x16, mhpmcounter11, 0
    csrrsi x0, mhpmcounter13, 0
    csrrsi x31, mhpmcounter14, 1
    csrrsi a0, mhpmcounter15, 1
    csrrsi fp, mhpmcounter16, 30
    csrrsi s11, mhpmcounter17, 0
    csrrsi ra, mhpmcounter18, 31
    csrrsi x16, mhpmcounter19, 0
    csrrsi x0, mhpmcounter21, 1
    csrrsi x31, mhpmcounter22, 30
    csrrsi a0, mhpmcounter23, 0
    csrrsi fp, mhpmcounter24, 31
    csrrsi s11, mhpmcounter25, 0
    csrrsi ra, mhpmcounter26, 1
    csrrsi x16, mhpmcounter27, 1
    csrrsi x0, mhpmcounter29, 0
    csrrsi x31, mhpmcounter30, 31
    csrrsi a0, mhpmcounter31, 0
    csrrsi fp, cycle, 1
    csrrsi s11, time, 1
    csrrsi ra, instret, 30
    csrrsi x16, mvendorid, 0
    csrrsi x0, mimpid, 0
    csrrsi x31, mhartid, 1
    csrrsi a0, mconfigptr, 1
    csrrsi fp, 0, 30
    csrrsi s11, 4095, 0
    csrrsi ra, 0x7c0, 31
    csrrsi x16, fflags, 0
    csrrsi x0, fcsr, 1
    csrrsi x31, seed, 30
    csrrsi a0, sstatus, 0
    csrrsi fp, sie, 31
    csrrsi s11, stvec, 0
    csrrsi ra, scounteren, 1
    csrrsi x16, senvcfg, 1
    csrrsi x0, sepc, 0
    csrrsi x31, scause, 31
    csrrsi a0, stval, 0
    csrrsi fp, sip, 1
    csrrsi s11, stimecmp, 1
    csrrc x0, 4095, a0
    csrrc x31, 0x7c0, fp
    csrrc a0, fflags, s11
    csrrc fp, frm, ra
    csrrc s11, fcsr, x16
    csrrc ra, seed, x0
    csrrc x16, sstatus, x31
    csrrc x0, stvec, fp
    csrrc x31, scounteren, s11
    csrrc a0, senvcfg, ra
    csrrc fp, sscratch, x16
    csrrc s11, sepc, x0
    csrrc ra, scause, x31
    csrrc x16, stval, a0
    csrrc x0, stimecmp, s11
    csrrc x31, satp, ra
    csrrc a0, mstatus, x16
    csrrc fp, misa, x0
    csrrc s11, medeleg, x31
    csrrc ra, mideleg, a0
    csrrc x16, mie, fp
    csrrc x0, mcounteren, ra
    csrrc x31, menvcfg, x16
    csrrc a0, mcountinhibit, x0
    csrrc fp, mhpmevent3, x31
    csrrc s11, mhpmevent4, a0
    csrrc ra, mhpmevent5, fp
    csrrc x16, mhpmevent6, s11
    csrrc x0, mhpmevent8, x16
    csrrc x31, mhpmevent9, x0
    csrrc a0, mhpmevent10, x31
    csrrc fp, mhpmevent11, a0
    csrrc s11, mhpmevent12, fp
    csrrc ra, mhpmevent13, s11
    csrrc x16, mhpmevent14, ra
    csrrc x0, mhpmevent16, x0
    csrrc x31, mhpmevent17, x31
    csrrc a0, mhpmevent18, a0
    csrrc fp, mhpmevent19, fp
    csrrc s11, mhpmevent20, s11
    csrrc ra, mhpmevent21, ra
    csrrc x16, mhpmevent22, x16
    csrrc x0, mhpmevent24, x31
    csrrc x31, mhpmevent25, a0
    csrrc a0, mhpmevent26, fp
    csrrc fp, mhpmevent27, s11
    csrrc s11, mhpmevent28, ra
    csrrc ra, mhpmevent29, x16
    csrrc x16, mhpmevent30, x0
    csrrc x0, mscratch, a0
    csrrc x31, mepc, fp
    csrrc a0, mcause, s11
    csrrc fp, mtval, ra
    csrrc s11, mip, x16
    csrrc ra, pmpcfg0, x0
    csrrc x16, pmpcfg2, x31
    csrrc x0, pmpaddr1, fp
    csrrc x31, pmpaddr2, s11
    csrrc a0, pmpaddr3, ra
    csrrc fp, pmpaddr4, x16
    csrrc s11, pmpaddr5, x0
    csrrc ra, pmpaddr6, x31
    csrrc x16, pmpaddr7, a0
    csrrc x0, pmpaddr9, s11
    csrrc x31, pmpaddr10, ra
    csrrc a0, pmpaddr11, x16
    csrrc fp, pmpaddr12, x0
    csrrc s11, pmpaddr13, x31
    csrrc ra, pmpaddr14, a0
    csrrc x16, pmpaddr15, fp
    csrrc x0, tselect, ra
    csrrc x31, tdata1, x16
    csrrc a0, tdata2, x0
    csrrc fp, tdata3, x31
    csrrc s11, mcycle, a0
    csrrc ra, minstret, fp
    csrrc x16, mhpmcounter3, s11
    csrrc x0, mhpmcounter5, x16
    csrrc x31, mhpmcounter6, x0
    csrrc a0, mhpmcounter7, x31
    csrrc fp, mhpmcounter8, a0
    csrrc s11, mhpmcounter9, fp
    csrrc ra, mhpmcounter10, s11
    csrrc x16, mhpmcounter11, ra
    csrrc x0, mhpmcounter13, x0
    csrrc x31, mhpmcounter14, x31
    csrrc a0, mhpmcounter15, a0
    csrrc fp, mhpmcounter16, fp
    csrrc s11, mhpmcounter17, s11
    csrrc ra, mhpmcounter18, ra
    csrrc x16, mhpmcounter19, x16
    csrrc x0, mhpmcounter21, x31
    csrrc x31, mhpmcounter22, a0
    csrrc a0, mhpmcounter23, fp
    csrrc fp, mhpmcounter24, s11
    csrrc s11, mhpmcounter25, ra
    csrrc ra, mhpmcounter26, x16
    csrrc x16, mhpmcounter27, x0
    csrrc x0, mhpmcounter29, a0
    csrrc x31, mhpmcounter30, fp
    csrrc a0, mhpmcounter31, s11
    csrrc fp, cycle, ra
    csrrc s11, time, x16
    csrrc ra, instret, x0
    csrrc x16, mvendorid, x31
    csrrc x0, mimpid, fp
    csrrc x31, mhartid, s11
    csrrc a0, mconfigptr, ra
    csrrc fp, 0, x16
    csrrc s11, 4095, x0
    csrrc ra, 0x7c0, x31
    csrrc x16, fflags, a0
    csrrc x0, fcsr, s11
    csrrc x31, seed, ra
    csrrc a0, sstatus, x16
    csrrc fp, sie, x0
    csrrc s11, stvec, x31
    csrrc ra, scounteren, a0
    csrrc x16, senvcfg, fp
    csrrc x0, sepc, ra
    csrrc x31, scause, x16
    csrrc a0, stval, x0
    csrrc fp, sip, x31
    csrrc s11, stimecmp, a0
    csrrci x0, 4095, 0
    csrrci x31, 0x7c0, 1
    csrrci a0, fflags, 1
    csrrci fp, frm, 30
    csrrci s11, fcsr, 0
    csrrci ra, seed, 31
    csrrci x16, sstatus, 0
    csrrci x0, stvec, 1
    csrrci x31, scounteren, 30
    csrrci a0, senvcfg, 0
    csrrci fp, sscratch, 31
    csrrci s11, sepc, 0
    csrrci ra, scause, 1
    csrrci x16, stval, 1
    csrrci x0, stimecmp, 0
    csrrci x31, satp, 31
    csrrci a0, mstatus, 0
    csrrci fp, misa, 1
    csrrci s11, medeleg, 1
    csrrci ra, mideleg, 30
    csrrci x16, mie, 0
    csrrci x0, mcounteren, 0
    csrrci x31, menvcfg, 1
    csrrci a0, mcountinhibit, 1
    csrrci fp, mhpmevent3, 30
    csrrci s11, mhpmevent4, 0
    csrrci ra, mhpmevent5, 31
    csrrci x16, mhpmevent6, 0
    csrrci x0, mhpmevent8, 1
    csrrci x31, mhpmevent9, 30
    csrrci a0, mhpmevent10, 0
    csrrci fp, mhpmevent11, 31
    csrrci s11, mhpmevent12, 0
    csrrci ra, mhpmevent13, 1
    csrrci x16, mhpmevent14, 1
    csrrci x0, mhpmevent16, 0
    csrrci x31, mhpmevent17, 31
    csrrci a0, mhpmevent18, 0
    csrrci fp, mhpmevent19, 1
    csrrci s11, mhpmevent20, 1
    csrrci ra, mhpmevent21, 30
    csrrci x16, mhpmevent22, 0
    csrrci x0, mhpmevent24, 0
    csrrci x31, mhpmevent25, 1
    csrrci a0, mhpmevent26, 1
    csrrci fp, mhpmevent27, 30
    csrrci s11, mhpmevent28, 0
    csrrci ra, mhpmevent29, 31
    csrrci x16, mhpmevent30, 0
    csrrci x0, mscratch, 1
    csrrci x31, mepc, 30
    csrrci a0, mcause, 0
    csrrci fp, mtval, 31
    csrrci s11, mip, 0
    csrrci ra, pmpcfg0, 1
    csrrci x16, pmpcfg2, 1
    csrrci x0, pmpaddr1, 0
    csrrci x31, pmpaddr2, 31
    csrrci a0, pmpaddr3, 0
    csrrci fp, pmpaddr4, 1
    csrrci s11, pmpaddr5, 1
    csrrci ra, pmpaddr6, 30
    csrrci x16, pmpaddr7, 0
    csrrci x0, pmpaddr9, 0
    csrrci x31, pmpaddr10, 1
    csrrci a0, pmpaddr11, 1
    csrrci fp, pmpaddr12, 30
    csrrci s11, pmpaddr13, 0
    csrrci ra, pmpaddr14, 31
    csrrci x16, pmpaddr15, 0
    csrrci x0, tselect, 1
    csrrci x31, tdata1, 30
    csrrci a0, tdata2, 0
    csrrci fp, tdata3, 31
    csrrci s11, mcycle, 0
    csrrci ra, minstret, 1
    csrrci x16, mhpmcounter3, 1
    csrrci x0, mhpmcounter5, 0
    csrrci x31, mhpmcounter6, 31
    csrrci a0, mhpmcounter7, 0
    csrrci fp, mhpmcounter8, 1
    csrrci s11, mhpmcounter9, 1
    csrrci ra, mhpmcounter10, 30
    csrrci x16, mhpmcounter11, 0
    csrrci x0, mhpmcounter13, 0
    csrrci x31, mhpmcounter14, 1
    csrrci a0, mhpmcounter15, 1
    csrrci fp, mhpmcounter16, 30
    csrrci s11, mhpmcounter17, 0
    csrrci ra, mhpmcounter18, 31
    csrrci x16, mhpmcounter19, 0
    csrrci x0, mhpmcounter21, 1
    csrrci x31, mhpmcounter22, 30
    csrrci a0, mhpmcounter23, 0
    csrrci fp, mhpmcounter24, 31
    csrrci s11, mhpmcounter25, 0
    csrrci ra, mhpmcounter26, 1
    csrrci x16, mhpmcounter27, 1
    csrrci x0, mhpmcounter29, 0
    csrrci x31, mhpmcounter30, 31
    csrrci a0, mhpmcounter31, 0
    csrrci fp, cycle, 1
    csrrci s11, time, 1
    csrrci ra, instret, 30
    csrrci x16, mvendorid, 0
    csrrci x0, mimpid, 0
    csrrci x31, mhartid, 1
    csrrci a0, mconfigptr, 1
    csrrci fp, 0, 30
    csrrci s11, 4095, 0
    csrrci ra, 0x7c0, 31
    csrrci x16, fflags, 0
    csrrci x0, fcsr, 1
    csrrci x31, seed, 30
    csrrci a0, sstatus, 0
    csrrci fp, sie, 31
    csrrci s11, stvec, 0
    csrrci ra, scounteren, 1
    csrrci x16, senvcfg, 1
    csrrci x0, sepc, 0
    csrrci x31, scause, 31
    csrrci a0, stval, 0
    csrrci fp, sip, 1
    csrrci s11, stimecmp, 1
    ecall
    ebreak
    mret
    sret
    wfi
    sfence.vma x0, x31
    sfence.vma x31, a0
    sfence.vma a0, fp
    sfence.vma fp, s11
    sfence.vma s11, ra
    sfence.vma ra, x16
    sfence.vma x16, x0
    flw f0, 2047(a0)
    flw f31, 0(fp)
    flw fa0, 1(s11)
    flw fs0, -2047(ra)
    flw fs11, 2046(x16)
    flw ft8, -1(x0)
    flw f16, -2048(x31)
    fsw f0, 2047(a0)
    fsw f31, 0(fp)
    fsw fa0, 1(s11)
    fsw fs0, -2047(ra)
    fsw fs11, 2046(x16)
    fsw ft8, -1(x0)
    fsw f16, -2048(x31)
    fmadd.s f0, f31, fa0, fs0, rmm
    fmadd.s f31, fa0, fs0, fs11, dyn
    fmadd.s fa0, fs0, fs11, ft8, rne
    fmadd.s fs0, fs11, ft8, f16, rtz
    fmadd.s fs11, ft8, f16, f0, rdn
    fmadd.s ft8, f16, f0, f31, rup
    fmadd.s f16, f0, f31, fa0, rmm
    fmadd.s f0, f31, fa0, fs0
    fmadd.s f31, fa0, fs0, fs11
    fmadd.s fa0, fs0, fs11, ft8
    fmadd.s fs0, fs11, ft8, f16
    fmadd.s fs11, ft8, f16, f0
    fmadd.s ft8, f16, f0, f31
    fmadd.s f16, f0, f31, fa0
    fmsub.s f0, f31, fa0, fs0, rmm
    fmsub.s f31, fa0, fs0, fs11, dyn
    fmsub.s fa0, fs0, fs11, ft8, rne
    fmsub.s fs0, fs11, ft8, f16, rtz
    fmsub.s fs11, ft8, f16, f0, rdn
    fmsub.s ft8, f16, f0, f31, rup
    fmsub.s f16, f0, f31, fa0, rmm
    fmsub.s f0, f31, fa0, fs0
    fmsub.s f31, fa0, fs0, fs11
    fmsub.s fa0, fs0, fs11, ft8
    fmsub.s fs0, fs11, ft8, f16
    fmsub.s fs11, ft8, f16, f0
    fmsub.s ft8, f16, f0, f31
    fmsub.s f16, f0, f31, fa0
    fnmsub.s f0, f31, fa0, fs0, rmm
    fnmsub.s f31, fa0, fs0, fs11, dyn
    fnmsub.s fa0, fs0, fs11, ft8, rne
    fnmsub.s fs0, fs11, ft8, f16, rtz
    fnmsub.s fs11, ft8, f16, f0, rdn
    fnmsub.s ft8, f16, f0, f31, rup
    fnmsub.s f16, f0, f31, fa0, rmm
    fnmsub.s f0, f31, fa0, fs0
    fnmsub.s f31, fa0, fs0, fs11
    fnmsub.s fa0, fs0, fs11, ft8
    fnmsub.s fs0, fs11, ft8, f16
    fnmsub.s fs11, ft8, f16, f0
    fnmsub.s ft8, f16, f0, f31
    fnmsub.s f16, f0, f31, fa0
    fnmadd.s f0, f31, fa0, fs0, rmm
    fnmadd.s f31, fa0, fs0, fs11, dyn
    fnmadd.s fa0, fs0, fs11, ft8, rne
    fnmadd.s fs0, fs11, ft8, f16, rtz
    fnmadd.s fs11, ft8, f16, f0, rdn
    fnmadd.s ft8, f16, f0, f31, rup
    fnmadd.s f16, f0, f31, fa0, rmm
    fnmadd.s f0, f31, fa0, fs0
    fnmadd.s f31, fa0, fs0, fs11
    fnmadd.s fa0, fs0, fs11, ft8
    fnmadd.s fs0, fs11, ft8, f16
    fnmadd.s fs11, ft8, f16, f0
    fnmadd.s ft8, f16, f0, f31
    fnmadd.s f16, f0, f31, fa0
    fadd.s f0, f31, fa0, rup
    fadd.s f31, fa0, fs0, rmm
    fadd.s fa0, fs0, fs11, dyn
    fadd.s fs0, fs11, ft8, rne
    fadd.s fs11, ft8, f16, rtz
    fadd.s ft8, f16, f0, rdn
    fadd.s f16, f0, f31, rup
    fadd.s f0, f31, fa0
    fadd.s f31, fa0, fs0
    fadd.s fa0, fs0, fs11
    fadd.s fs0, fs11, ft8
    fadd.s fs11, ft8, f16
    fadd.s ft8, f16, f0
    fadd.s f16, f0, f31
    fsub.s f0, f31, fa0, rup
    fsub.s f31, fa0, fs0, rmm
    fsub.s fa0, fs0, fs11, dyn
    fsub.s fs0, fs11, ft8, rne
    fsub.s fs11, ft8, f16, rtz
    fsub.s ft8, f16, f0, rdn
    fsub.s f16, f0, f31, rup
    fsub.s f0, f31, fa0
    fsub.s f31, fa0, fs0
    fsub.s fa0, fs0, fs11
    fsub.s fs0, fs11, ft8
    fsub.s fs11, ft8, f16
    fsub.s ft8, f16, f0
    fsub.s f16, f0, f31
    fmul.s f0, f31, fa0, rup
    fmul.s f31, fa0, fs0, rmm
    fmul.s fa0, fs0, fs11, dyn
    fmul.s fs0, fs11, ft8, rne
    fmul.s fs11, ft8, f16, rtz
    fmul.s ft8, f16, f0, rdn
    fmul.s f16, f0, f31, rup
    fmul.s f0, f31, fa0
    fmul.s f31, fa0, fs0
    fmul.s fa0, fs0, fs11
    fmul.s fs0, fs11, ft8
    fmul.s fs11, ft8, f16
    fmul.s ft8, f16, f0
    fmul.s f16, f0, f31
    fdiv.s f0, f31, fa0, rup
    fdiv.s f31, fa0, fs0, rmm
    fdiv.s fa0, fs0, fs11, dyn
    fdiv.s fs0, fs11, ft8, rne
    fdiv.s fs11, ft8, f16, rtz
    fdiv.s ft8, f16, f0, rdn
    fdiv.s f16, f0, f31, rup
    fdiv.s f0, f31, fa0
    fdiv.s f31, fa0, fs0
    fdiv.s fa0, fs0, fs11
    fdiv.s fs0, fs11, ft8
    fdiv.s fs11, ft8, f16
    fdiv.s ft8, f16, f0
    fdiv.s f16, f0, f31
    fsqrt.s f0, f31, rdn
    fsqrt.s f31, fa0, rup
    fsqrt.s fa0, fs0, rmm
    fsqrt.s fs0, fs11, dyn
    fsqrt.s fs11, ft8, rne
    fsqrt.s ft8, f16, rtz
    fsqrt.s f16, f0, rdn
    fsqrt.s f0, f31
    fsqrt.s f31, fa0
    fsqrt.s fa0, fs0
    fsqrt.s fs0, fs11
    fsqrt.s fs11, ft8
    fsqrt.s ft8, f16
    fsqrt.s f16, f0
    fsgnj.s f0, f31, fa0
    fsgnj.s f31, fa0, fs0
    fsgnj.s fa0, fs0, fs11
    fsgnj.s fs0, fs11, ft8
    fsgnj.s fs11, ft8, f16
    fsgnj.s ft8, f16, f0
    fsgnj.s f16, f0, f31
    fsgnjn.s f0, f31, fa0
    fsgnjn.s f31, fa0, fs0
    fsgnjn.s fa0, fs0, fs11
    fsgnjn.s fs0, fs11, ft8
    fsgnjn.s fs11, ft8, f16
    fsgnjn.s ft8, f16, f0
    fsgnjn.s f16, f0, f31
    fsgnjx.s f0, f31, fa0
    fsgnjx.s f31, fa0, fs0
    fsgnjx.s fa0, fs0, fs11
    fsgnjx.s fs0, fs11, ft8
    fsgnjx.s fs11, ft8, f16
    fsgnjx.s ft8, f16, f0
    fsgnjx.s f16, f0, f31
    fmin.s f0, f31, fa0
    fmin.s f31, fa0, fs0
    fmin.s fa0, fs0, fs11
    fmin.s fs0, fs11, ft8
    fmin.s fs11, ft8, f16
    fmin.s ft8, f16, f0
    fmin.s f16, f0, f31
    fmax.s f0, f31, fa0
    fmax.s f31, fa0, fs0
    fmax.s fa0, fs0, fs11
    fmax.s fs0, fs11, ft8
    fmax.s fs11, ft8, f16
    fmax.s ft8, f16, f0
    fmax.s f16, f0, f31
    fle.s x0, f31, fa0
    fle.s x31, fa0, fs0
    fle.s a0, fs0, fs11
    fle.s fp, fs11, ft8
    fle.s s11, ft8, f16
    fle.s ra, f16, f0
    fle.s x16, f0, f31
    flt.s x0, f31, fa0
    flt.s x31, fa0, fs0
    flt.s a0, fs0, fs11
    flt.s fp, fs11, ft8
    flt.s s11, ft8, f16
    flt.s ra, f16, f0
    flt.s x16, f0, f31
    feq.s x0, f31, fa0
    feq.s x31, fa0, fs0
    feq.s a0, fs0, fs11
    feq.s fp, fs11, ft8
    feq.s s11, ft8, f16
    feq.s ra, f16, f0
    feq.s x16, f0, f31
    fclass.s x0, f31
    fclass.s x31, fa0
    fclass.s a0, fs0
    fclass.s fp, fs11
    fclass.s s11, ft8
    fclass.s ra, f16
    fclass.s x16, f0
    fcvt.w.s x0, f31, rdn
    fcvt.w.s x31, fa0, rup
    fcvt.w.s a0, fs0, rmm
    fcvt.w.s fp, fs11, dyn
    fcvt.w.s s11, ft8, rne
    fcvt.w.s ra, f16, rtz
    fcvt.w.s x16, f0, rdn
    fcvt.w.s x0, f31
    fcvt.w.s x31, fa0
    fcvt.w.s a0, fs0
    fcvt.w.s fp, fs11
    fcvt.w.s s11, ft8
    fcvt.w.s ra, f16
    fcvt.w.s x16, f0
    fcvt.s.w f0, x31, rdn
    fcvt.s.w f31, a0, rup
    fcvt.s.w fa0, fp, rmm
    fcvt.s.w fs0, s11, dyn
    fcvt.s.w fs11, ra, rne
    fcvt.s.w ft8, x16, rtz
    fcvt.s.w f16, x0, rdn
    fcvt.s.w f0, x31
    fcvt.s.w f31, a0
    fcvt.s.w fa0, fp
    fcvt.s.w fs0, s11
    fcvt.s.w fs11, ra
    fcvt.s.w ft8, x16
    fcvt.s.w f16, x0
    fcvt.wu.s x0, f31, rdn
    fcvt.wu.s x31, fa0, rup
    fcvt.wu.s a0, fs0, rmm
    fcvt.wu.s fp, fs11, dyn
    fcvt.wu.s s11, ft8, rne
    fcvt.wu.s ra, f16, rtz
    fcvt.wu.s x16, f0, rdn
    fcvt.wu.s x0, f31
    fcvt.wu.s x31, fa0
    fcvt.wu.s a0, fs0
    fcvt.wu.s fp, fs11
    fcvt.wu.s s11, ft8
    fcvt.wu.s ra, f16
    fcvt.wu.s x16, f0
    fcvt.s.wu f0, x31, rdn
    fcvt.s.wu f31, a0, rup
    fcvt.s.wu fa0, fp, rmm
    fcvt.s.wu fs0, s11, dyn
    fcvt.s.wu fs11, ra, rne
    fcvt.s.wu ft8, x16, rtz
    fcvt.s.wu f16, x0, rdn
    fcvt.s.wu f0, x31
    fcvt.s.wu f31, a0
    fcvt.s.wu fa0, fp
    fcvt.s.wu fs0, s11
    fcvt.s.wu fs11, ra
    fcvt.s.wu ft8, x16
    fcvt.s.wu f16, x0
    fcvt.l.s x0, f31, rdn
    fcvt.l.s x31, fa0, rup
    fcvt.l.s a0, fs0, rmm
    fcvt.l.s fp, fs11, dyn
    fcvt.l.s s11, ft8, rne
    fcvt.l.s ra, f16, rtz
    fcvt.l.s x16, f0, rdn
    fcvt.l.s x0, f31
    fcvt.l.s x31, fa0
    fcvt.l.s a0, fs0
    fcvt.l.s fp, fs11
    fcvt.l.s s11, ft8
    fcvt.l.s ra, f16
    fcvt.l.s x16, f0
    fcvt.s.l f0, x31, rdn
    fcvt.s.l f31, a0, rup
    fcvt.s.l fa0, fp, rmm
    fcvt.s.l fs0, s11, dyn
    fcvt.s.l fs11, ra, rne
    fcvt.s.l ft8, x16, rtz
    fcvt.s.l f16, x0, rdn
    fcvt.s.l f0, x31
    fcvt.s.l f31, a0
    fcvt.s.l fa0, fp
    fcvt.s.l fs0, s11
    fcvt.s.l fs11, ra
    fcvt.s.l ft8, x16
    fcvt.s.l f16, x0
    fcvt.lu.s x0, f31, rdn
    fcvt.lu.s x31, fa0, rup
    fcvt.lu.s a0, fs0, rmm
    fcvt.lu.s fp, fs11, dyn
    fcvt.lu.s s11, ft8, rne
    fcvt.lu.s ra, f16, rtz
    fcvt.lu.s x16, f0, rdn
    fcvt.lu.s x0, f31
    fcvt.lu.s x31, fa0
    fcvt.lu.s a0, fs0
    fcvt.lu.s fp, fs11
    fcvt.lu.s s11, ft8
    fcvt.lu.s ra, f16
    fcvt.lu.s x16, f0
    fcvt.s.lu f0, x31, rdn
    fcvt.s.lu f31, a0, rup
    fcvt.s.lu fa0, fp, rmm
    fcvt.s.lu fs0, s11, dyn
    fcvt.s.lu fs11, ra, rne
    fcvt.s.lu ft8, x16, rtz
    fcvt.s.lu f16, x0, rdn
    fcvt.s.lu f0, x31
    fcvt.s.lu f31, a0
    fcvt.s.lu fa0, fp
    fcvt.s.lu fs0, s11
    fcvt.s.lu fs11, ra
    fcvt.s.lu ft8, x16
    fcvt.s.lu f16, x0
    fmv.x.w x0, f31
    fmv.x.w x31, fa0
    fmv.x.w a0, fs0
    fmv.x.w fp, fs11
    fmv.x.w s11, ft8
    fmv.x.w ra, f16
    fmv.x.w x16, f0
    fmv.w.x f0, x31
    fmv.w.x f31, a0
    fmv.w.x fa0, fp
    fmv.w.x fs0, s11
    fmv.w.x fs11, ra
    fmv.w.x ft8, x16
    fmv.w.x f16, x0
    fld f0, 2047(a0)
    fld f31, 0(fp)
    fld fa0, 1(s11)
    fld fs0, -2047(ra)
    fld fs11, 2046(x16)
    fld ft8, -1(x0)
    fld f16, -2048(x31)
    fsd f0, 2047(a0)
    fsd f31, 0(fp)
    fsd fa0, 1(s11)
    fsd fs0, -2047(ra)
    fsd fs11, 2046(x16)
    fsd ft8, -1(x0)
    fsd f16, -2048(x31)
    fmadd.d f0, f31, fa0, fs0, rmm
    fmadd.d f31, fa0, fs0, fs11, dyn
    fmadd.d fa0, fs0, fs11, ft8, rne
    fmadd.d fs0, fs11, ft8, f16, rtz
    fmadd.d fs11, ft8, f16, f0, rdn
    fmadd.d ft8, f16, f0, f31, rup
    fmadd.d f16, f0, f31, fa0, rmm
    fmadd.d f0, f31, fa0, fs0
    fmadd.d f31, fa0, fs0, fs11
    fmadd.d fa0, fs0, fs11, ft8
    fmadd.d fs0, fs11, ft8, f16
    fmadd.d fs11, ft8, f16, f0
    fmadd.d ft8, f16, f0, f31
    fmadd.d f16, f0, f31, fa0
    fmsub.d f0, f31, fa0, fs0, rmm
    fmsub.d f31, fa0, fs0, fs11, dyn
    fmsub.d fa0, fs0, fs11, ft8, rne
    fmsub.d fs0, fs11, ft8, f16, rtz
    fmsub.d fs11, ft8, f16, f0, rdn
    fmsub.d ft8, f16, f0, f31, rup
    fmsub.d f16, f0, f31, fa0, rmm
    fmsub.d f0, f31, fa0, fs0
    fmsub.d f31, fa0, fs0, fs11
    fmsub.d fa0, fs0, fs11, ft8
    fmsub.d fs0, fs11, ft8, f16
    fmsub.d fs11, ft8, f16, f0
    fmsub.d ft8, f16, f0, f31
    fmsub.d f16, f0, f31, fa0
    fnmsub.d f0, f31, fa0, fs0, rmm
    fnmsub.d f31, fa0, fs0, fs11, dyn
    fnmsub.d fa0, fs0, fs11, ft8, rne
    fnmsub.d fs0, fs11, ft8, f16, rtz
    fnmsub.d fs11, ft8, f16, f0, rdn
    fnmsub.d ft8, f16, f0, f31, rup
    fnmsub.d f16, f0, f31, fa0, rmm
    fnmsub.d f0, f31, fa0, fs0
    fnmsub.d f31, fa0, fs0, fs11
    fnmsub.d fa0, fs0, fs11, ft8
    fnmsub.d fs0, fs11, ft8, f16
    fnmsub.d fs11, ft8, f16, f0
    fnmsub.d ft8, f16, f0, f31
    fnmsub.d f16, f0, f31, fa0
    fnmadd.d f0, f31, fa0, fs0, rmm
    fnmadd.d f31, fa0, fs0, fs11, dyn
    fnmadd.d fa0, fs0, fs11, ft8, rne
    fnmadd.d fs0, fs11, ft8, f16, rtz
    fnmadd.d fs11, ft8, f16, f0, rdn
    fnmadd.d ft8, f16, f0, f31, rup
    fnmadd.d f16, f0, f31, fa0, rmm
    fnmadd.d f0, f31, fa0, fs0
    fnmadd.d f31, fa0, fs0, fs11
    fnmadd.d fa0, fs0, fs11, ft8
    fnmadd.d fs0, fs11, ft8, f16
    fnmadd.d fs11, ft8, f16, f0
    fnmadd.d ft8, f16, f0, f31
    fnmadd.d f16, f0, f31, fa0
    fadd.d f0, f31, fa0, rup
    fadd.d f31, fa0, fs0, rmm
    fadd.d fa0, fs0, fs11, dyn
    fadd.d fs0, fs11, ft8, rne
    fadd.d fs11, ft8, f16, rtz
    fadd.d ft8, f16, f0, rdn
    fadd.d f16, f0, f31, rup
    fadd.d f0, f31, fa0
    fadd.d f31, fa0, fs0
    fadd.d fa0, fs0, fs11
    fadd.d fs0, fs11, ft8
    fadd.d fs11, ft8, f16
    fadd.d ft8, f16, f0
    fadd.d f16, f0, f31
    fsub.d f0, f31, fa0, rup
    fsub.d f31, fa0, fs0, rmm
    fsub.d fa0, fs0, fs11, dyn
    fsub.d fs0, fs11, ft8, rne
    fsub.d fs11, ft8, f16, rtz
    fsub.d ft8, f16, f0, rdn
    fsub.d f16, f0, f31, rup
    fsub.d f0, f31, fa0
    fsub.d f31, fa0, fs0
    fsub.d fa0, fs0, fs11
    fsub.d fs0, fs11, ft8
    fsub.d fs11, ft8, f16
    fsub.d ft8, f16, f0
    fsub.d f16, f0, f31
    fmul.d f0, f31, fa0, rup
    fmul.d f31, fa0, fs0, rmm
    fmul.d fa0, fs0, fs11, dyn
    fmul.d fs0, fs11, ft8, rne
    fmul.d fs11, ft8, f16, rtz
    fmul.d ft8, f16, f0, rdn
    fmul.d f16, f0, f31, rup
    fmul.d f0, f31, fa0
    fmul.d f31, fa0, fs0
    fmul.d fa0, fs0, fs11
    fmul.d fs0, fs11, ft8
    fmul.d fs11, ft8, f16
    fmul.d ft8, f16, f0
    fmul.d f16, f0, f31
    fdiv.d f0, f31, fa0, rup
    fdiv.d f31, fa0, fs0, rmm
    fdiv.d fa0, fs0, fs11, dyn
    fdiv.d fs0, fs11, ft8, rne
    fdiv.d fs11, ft8, f16, rtz
    fdiv.d ft8, f16, f0, rdn
    fdiv.d f16, f0, f31, rup
    fdiv.d f0, f31, fa0
    fdiv.d f31, fa0, fs0
    fdiv.d fa0, fs0, fs11
    fdiv.d fs0, fs11, ft8
    fdiv.d fs11, ft8, f16
    fdiv.d ft8, f16, f0
    fdiv.d f16, f0, f31
    fsqrt.d f0, f31, rdn
    fsqrt.d f31, fa0, rup
    fsqrt.d fa0, fs0, rmm
    fsqrt.d fs0, fs11, dyn
    fsqrt.d fs11, ft8, rne
    fsqrt.d ft8, f16, rtz
    fsqrt.d f16, f0, rdn
    fsqrt.d f0, f31
    fsqrt.d f31, fa0
    fsqrt.d fa0, fs0
    fsqrt.d fs0, fs11
    fsqrt.d fs11, ft8
    fsqrt.d ft8, f16
    fsqrt.d f16, f0
    fsgnj.d f0, f31, fa0
    fsgnj.d f31, fa0, fs0
    fsgnj.d fa0, fs0, fs11
    fsgnj.d fs0, fs11, ft8
    fsgnj.d fs11, ft8, f16
    fsgnj.d ft8, f16, f0
    fsgnj.d f16, f0, f31
    fsgnjn.d f0, f31, fa0
    fsgnjn.d f31, fa0, fs0
    fsgnjn.d fa0, fs0, fs11
    fsgnjn.d fs0, fs11, ft8
    fsgnjn.d fs11, ft8, f16
    fsgnjn.d ft8, f16, f0
    fsgnjn.d f16, f0, f31
    fsgnjx.d f0, f31, fa0
    fsgnjx.d f31, fa0, fs0
    fsgnjx.d fa0, fs0, fs11
    fsgnjx.d fs0, fs11, ft8
    fsgnjx.d fs11, ft8, f16
    fsgnjx.d ft8, f16, f0
    fsgnjx.d f16, f0, f31
    fmin.d f0, f31, fa0
    fmin.d f31, fa0, fs0
    fmin.d fa0, fs0, fs11
    fmin.d fs0, fs11, ft8
    fmin.d fs11, ft8, f16
    fmin.d ft8, f16, f0
    fmin.d f16, f0, f31
    fmax.d f0, f31, fa0
    fmax.d f31, fa0, fs0
    fmax.d fa0, fs0, fs11
    fmax.d fs0, fs11, ft8
    fmax.d fs11, ft8, f16
    fmax.d ft8, f16, f0
    fmax.d f16, f0, f31
    fle.d x0, f31, fa0
    fle.d x31, fa0, fs0
    fle.d a0, fs0, fs11
    fle.d fp, fs11, ft8
    fle.d s11, ft8, f16
    fle.d ra, f16, f0
    fle.d x16, f0, f31
    flt.d x0, f31, fa0
    flt.d x31, fa0, fs0
    flt.d a0, fs0, fs11
    flt.d fp, fs11, ft8
    flt.d s11, ft8, f16
    flt.d ra, f16, f0
    flt.d x16, f0, f31
    feq.d x0, f31, fa0
    feq.d x31, fa0, fs0
    feq.d a0, fs0, fs11
    feq.d fp, fs11, ft8
    feq.d s11, ft8, f16
    feq.d ra, f16, f0
    feq.d x16, f0, f31
    fclass.d x0, f31
    fclass.d x31, fa0
    fclass.d a0, fs0
    fclass.d fp, fs11
    fclass.d s11, ft8
    fclass.d ra, f16
    fclass.d x16, f0
    fcvt.w.d x0, f31, rdn
    fcvt.w.d x31, fa0, rup
    fcvt.w.d a0, fs0, rmm
    fcvt.w.d fp, fs11, dyn
    fcvt.w.d s11, ft8, rne
    fcvt.w.d ra, f16, rtz
    fcvt.w.d x16, f0, rdn
    fcvt.w.d x0, f31
    fcvt.w.d x31, fa0
    fcvt.w.d a0, fs0
    fcvt.w.d fp, fs11
    fcvt.w.d s11, ft8
    fcvt.w.d ra, f16
    fcvt.w.d x16, f0
    fcvt.d.w f0, x31
    fcvt.d.w f31, a0
    fcvt.d.w fa0, fp
    fcvt.d.w fs0, s11
    fcvt.d.w fs11, ra
    fcvt.d.w ft8, x16
    fcvt.d.w f16, x0
    fcvt.wu.d x0, f31, rdn
    fcvt.wu.d x31, fa0, rup
    fcvt.wu.d a0, fs0, rmm
    fcvt.wu.d fp, fs11, dyn
    fcvt.wu.d s11, ft8, rne
    fcvt.wu.d ra, f16, rtz
    fcvt.wu.d x16, f0, rdn
    fcvt.wu.d x0, f31
    fcvt.wu.d x31, fa0
    fcvt.wu.d a0, fs0
    fcvt.wu.d fp, fs11
    fcvt.wu.d s11, ft8
    fcvt.wu.d ra, f16
    fcvt.wu.d x16, f0
    fcvt.d.wu f0, x31
    fcvt.d.wu f31, a0
    fcvt.d.wu fa0, fp
    fcvt.d.wu fs0, s11
    fcvt.d.wu fs11, ra
    fcvt.d.wu ft8, x16
    fcvt.d.wu f16, x0
    fcvt.l.d x0, f31, rdn
    fcvt.l.d x31, fa0, rup
    fcvt.l.d a0, fs0, rmm
    fcvt.l.d fp, fs11, dyn
    fcvt.l.d s11, ft8, rne
    fcvt.l.d ra, f16, rtz
    fcvt.l.d x16, f0, rdn
    fcvt.l.d x0, f31
    fcvt.l.d x31, fa0
    fcvt.l.d a0, fs0
    fcvt.l.d fp, fs11
    fcvt.l.d s11, ft8
    fcvt.l.d ra, f16
    fcvt.l.d x16, f0
    fcvt.d.l f0, x31, rdn
    fcvt.d.l f31, a0, rup
    fcvt.d.l fa0, fp, rmm
    fcvt.d.l fs0, s11, dyn
    fcvt.d.l fs11, ra, rne
    fcvt.d.l ft8, x16, rtz
    fcvt.d.l f16, x0, rdn
    fcvt.d.l f0, x31
    fcvt.d.l f31, a0
    fcvt.d.l fa0, fp
    fcvt.d.l fs0, s11
    fcvt.d.l fs11, ra
    fcvt.d.l ft8, x16
    fcvt.d.l f16, x0
    fcvt.lu.d x0, f31, rdn
    fcvt.lu.d x31, fa0, rup
    fcvt.lu.d a0, fs0, rmm
    fcvt.lu.d fp, fs11, dyn
    fcvt.lu.d s11, ft8, rne
    fcvt.lu.d ra, f16, rtz
    fcvt.lu.d x16, f0, rdn
    fcvt.lu.d x0, f31
    fcvt.lu.d x31, fa0
    fcvt.lu.d a0, fs0
    fcvt.lu.d fp, fs11
    fcvt.lu.d s11, ft8
    fcvt.lu.d ra, f16
    fcvt.lu.d x16, f0
    fcvt.d.lu f0, x31, rdn
    fcvt.d.lu f31, a0, rup
    fcvt.d.lu fa0, fp, rmm
    fcvt.d.lu fs0, s11, dyn
    fcvt.d.lu fs11, ra, rne
    fcvt.d.lu ft8, x16, rtz
    fcvt.d.lu f16, x0, rdn
    fcvt.d.lu f0, x31
    fcvt.d.lu f31, a0
    fcvt.d.lu fa0, fp
    fcvt.d.lu fs0, s11
    fcvt.d.lu fs11, ra
    fcvt.d.lu ft8, x16
    fcvt.d.lu f16, x0
    fmv.x.d x0, f31
    fmv.x.d x31, fa0
    fmv.x.d a0, fs0
    fmv.x.d fp, fs11
    fmv.x.d s11, ft8
    fmv.x.d ra, f16
    fmv.x.d x16, f0
    fmv.d.x f0, x31
    fmv.d.x f31, a0
    fmv.d.x fa0, fp
    fmv.d.x fs0, s11
    fmv.d.x fs11, ra
    fmv.d.x ft8, x16
    fmv.d.x f16, x0
    fcvt.s.d f0, f31, rdn
    fcvt.s.d f31, fa0, rup
    fcvt.s.d fa0, fs0, rmm
    fcvt.s.d fs0, fs11, dyn
    fcvt.s.d fs11, ft8, rne
    fcvt.s.d ft8, f16, rtz
    fcvt.s.d f16, f0, rdn
    fcvt.s.d f0, f31
    fcvt.s.d f31, fa0
    fcvt.s.d fa0, fs0
    fcvt.s.d fs0, fs11
    fcvt.s.d fs11, ft8
    fcvt.s.d ft8, f16
    fcvt.s.d f16, f0
    fcvt.d.s f0, f31
    fcvt.d.s f31, fa0
    fcvt.d.s fa0, fs0
    fcvt.d.s fs0, fs11
    fcvt.d.s fs11, ft8
    fcvt.d.s ft8, f16
    fcvt.d.s f16, f0
