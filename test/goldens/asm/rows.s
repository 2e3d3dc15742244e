# Made by scripts/goldens-asm.mjs.
.globl _start
_start:
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
    csrrw x0, 4095, a0
    csrrw x31, 0x7c0, fp
    csrrw a0, seed, s11
    csrrw fp, mstatus, ra
    csrrw s11, misa, x16
    csrrw ra, mie, x0
    csrrw x16, mtvec, x31
    csrrw x0, mcountinhibit, fp
    csrrw x31, mhpmevent3, s11
    csrrw a0, mhpmevent4, ra
    csrrw fp, mhpmevent5, x16
    csrrw s11, mhpmevent6, x0
    csrrw ra, mhpmevent7, x31
    csrrw x16, mhpmevent8, a0
    csrrw x0, mhpmevent10, s11
    csrrw x31, mhpmevent11, ra
    csrrw a0, mhpmevent12, x16
    csrrw fp, mhpmevent13, x0
    csrrw s11, mhpmevent14, x31
    csrrw ra, mhpmevent15, a0
    csrrw x16, mhpmevent16, fp
    csrrw x0, mhpmevent18, ra
    csrrw x31, mhpmevent19, x16
    csrrw a0, mhpmevent20, x0
    csrrw fp, mhpmevent21, x31
    csrrw s11, mhpmevent22, a0
    csrrw ra, mhpmevent23, fp
    csrrw x16, mhpmevent24, s11
    csrrw x0, mhpmevent26, x16
    csrrw x31, mhpmevent27, x0
    csrrw a0, mhpmevent28, x31
    csrrw fp, mhpmevent29, a0
    csrrw s11, mhpmevent30, fp
    csrrw ra, mhpmevent31, s11
    csrrw x16, mscratch, ra
    csrrw x0, mcause, x0
    csrrw x31, mtval, x31
    csrrw a0, mip, a0
    csrrw fp, pmpcfg0, fp
    csrrw s11, pmpcfg2, s11
    csrrw ra, pmpcfg4, ra
    csrrw x16, pmpcfg6, x16
    csrrw x0, pmpcfg10, x31
    csrrw x31, pmpcfg12, a0
    csrrw a0, pmpcfg14, fp
    csrrw fp, pmpaddr0, s11
    csrrw s11, pmpaddr1, ra
    csrrw ra, pmpaddr2, x16
    csrrw x16, pmpaddr3, x0
    csrrw x0, pmpaddr5, a0
    csrrw x31, pmpaddr6, fp
    csrrw a0, pmpaddr7, s11
    csrrw fp, pmpaddr8, ra
    csrrw s11, pmpaddr9, x16
    csrrw ra, pmpaddr10, x0
    csrrw x16, pmpaddr11, x31
    csrrw x0, pmpaddr13, fp
    csrrw x31, pmpaddr14, s11
    csrrw a0, pmpaddr15, ra
    csrrw fp, pmpaddr16, x16
    csrrw s11, pmpaddr17, x0
    csrrw ra, pmpaddr18, x31
    csrrw x16, pmpaddr19, a0
    csrrw x0, pmpaddr21, s11
    csrrw x31, pmpaddr22, ra
    csrrw a0, pmpaddr23, x16
    csrrw fp, pmpaddr24, x0
    csrrw s11, pmpaddr25, x31
    csrrw ra, pmpaddr26, a0
    csrrw x16, pmpaddr27, fp
    csrrw x0, pmpaddr29, ra
    csrrw x31, pmpaddr30, x16
    csrrw a0, pmpaddr31, x0
    csrrw fp, pmpaddr32, x31
    csrrw s11, pmpaddr33, a0
    csrrw ra, pmpaddr34, fp
    csrrw x16, pmpaddr35, s11
    csrrw x0, pmpaddr37, x16
    csrrw x31, pmpaddr38, x0
    csrrw a0, pmpaddr39, x31
    csrrw fp, pmpaddr40, a0
    csrrw s11, pmpaddr41, fp
    csrrw ra, pmpaddr42, s11
    csrrw x16, pmpaddr43, ra
    csrrw x0, pmpaddr45, x0
    csrrw x31, pmpaddr46, x31
    csrrw a0, pmpaddr47, a0
    csrrw fp, pmpaddr48, fp
    csrrw s11, pmpaddr49, s11
    csrrw ra, pmpaddr50, ra
    csrrw x16, pmpaddr51, x16
    csrrw x0, pmpaddr53, x31
    csrrw x31, pmpaddr54, a0
    csrrw a0, pmpaddr55, fp
    csrrw fp, pmpaddr56, s11
    csrrw s11, pmpaddr57, ra
    csrrw ra, pmpaddr58, x16
    csrrw x16, pmpaddr59, x0
    csrrw x0, pmpaddr61, a0
    csrrw x31, pmpaddr62, fp
    csrrw a0, pmpaddr63, s11
    csrrw fp, mseccfg, ra
    csrrw s11, mcycle, x16
    csrrw ra, minstret, x0
    csrrw x16, mhpmcounter3, x31
    csrrw x0, mhpmcounter5, fp
    csrrw x31, mhpmcounter6, s11
    csrrw a0, mhpmcounter7, ra
    csrrw fp, mhpmcounter8, x16
    csrrw s11, mhpmcounter9, x0
    csrrw ra, mhpmcounter10, x31
    csrrw x16, mhpmcounter11, a0
    csrrw x0, mhpmcounter13, s11
    csrrw x31, mhpmcounter14, ra
    csrrw a0, mhpmcounter15, x16
    csrrw fp, mhpmcounter16, x0
    csrrw s11, mhpmcounter17, x31
    csrrw ra, mhpmcounter18, a0
    csrrw x16, mhpmcounter19, fp
    csrrw x0, mhpmcounter21, ra
    csrrw x31, mhpmcounter22, x16
    csrrw a0, mhpmcounter23, x0
    csrrw fp, mhpmcounter24, x31
    csrrw s11, mhpmcounter25, a0
    csrrw ra, mhpmcounter26, fp
    csrrw x16, mhpmcounter27, s11
    csrrw x0, mhpmcounter29, x16
    csrrw x31, mhpmcounter30, x0
    csrrw a0, mhpmcounter31, x31
    csrrw fp, cycle, a0
    csrrw s11, time, fp
    csrrw ra, instret, s11
    csrrw x16, mvendorid, ra
    csrrw x0, mimpid, x0
    csrrw x31, mhartid, x31
    csrrw a0, mconfigptr, a0
    csrrw fp, 0, fp
    csrrw s11, 4095, s11
    csrrw ra, 0x7c0, ra
    csrrw x16, seed, x16
    csrrw x0, misa, x31
    csrrw x31, mie, a0
    csrrw a0, mtvec, fp
    csrrw fp, mcounteren, s11
    csrrw s11, mcountinhibit, ra
    csrrw ra, mhpmevent3, x16
    csrrw x16, mhpmevent4, x0
    csrrw x0, mhpmevent6, a0
    csrrw x31, mhpmevent7, fp
    csrrw a0, mhpmevent8, s11
    csrrw fp, mhpmevent9, ra
    csrrw s11, mhpmevent10, x16
    csrrw ra, mhpmevent11, x0
    csrrw x16, mhpmevent12, x31
    csrrw x0, mhpmevent14, fp
    csrrw x31, mhpmevent15, s11
    csrrwi x0, 4095, 0
    csrrwi x31, 0x7c0, 1
    csrrwi a0, seed, 1
    csrrwi fp, mstatus, 30
    csrrwi s11, misa, 0
    csrrwi ra, mie, 31
    csrrwi x16, mtvec, 0
    csrrwi x0, mcountinhibit, 1
    csrrwi x31, mhpmevent3, 30
    csrrwi a0, mhpmevent4, 0
    csrrwi fp, mhpmevent5, 31
    csrrwi s11, mhpmevent6, 0
    csrrwi ra, mhpmevent7, 1
    csrrwi x16, mhpmevent8, 1
    csrrwi x0, mhpmevent10, 0
    csrrwi x31, mhpmevent11, 31
    csrrwi a0, mhpmevent12, 0
    csrrwi fp, mhpmevent13, 1
    csrrwi s11, mhpmevent14, 1
    csrrwi ra, mhpmevent15, 30
    csrrwi x16, mhpmevent16, 0
    csrrwi x0, mhpmevent18, 0
    csrrwi x31, mhpmevent19, 1
    csrrwi a0, mhpmevent20, 1
    csrrwi fp, mhpmevent21, 30
    csrrwi s11, mhpmevent22, 0
    csrrwi ra, mhpmevent23, 31
    csrrwi x16, mhpmevent24, 0
    csrrwi x0, mhpmevent26, 1
    csrrwi x31, mhpmevent27, 30
    csrrwi a0, mhpmevent28, 0
    csrrwi fp, mhpmevent29, 31
    csrrwi s11, mhpmevent30, 0
    csrrwi ra, mhpmevent31, 1
    csrrwi x16, mscratch, 1
    csrrwi x0, mcause, 0
    csrrwi x31, mtval, 31
    csrrwi a0, mip, 0
    csrrwi fp, pmpcfg0, 1
    csrrwi s11, pmpcfg2, 1
    csrrwi ra, pmpcfg4, 30
    csrrwi x16, pmpcfg6, 0
    csrrwi x0, pmpcfg10, 0
    csrrwi x31, pmpcfg12, 1
    csrrwi a0, pmpcfg14, 1
    csrrwi fp, pmpaddr0, 30
    csrrwi s11, pmpaddr1, 0
    csrrwi ra, pmpaddr2, 31
    csrrwi x16, pmpaddr3, 0
    csrrwi x0, pmpaddr5, 1
    csrrwi x31, pmpaddr6, 30
    csrrwi a0, pmpaddr7, 0
    csrrwi fp, pmpaddr8, 31
    csrrwi s11, pmpaddr9, 0
    csrrwi ra, pmpaddr10, 1
    csrrwi x16, pmpaddr11, 1
    csrrwi x0, pmpaddr13, 0
    csrrwi x31, pmpaddr14, 31
    csrrwi a0, pmpaddr15, 0
    csrrwi fp, pmpaddr16, 1
    csrrwi s11, pmpaddr17, 1
    csrrwi ra, pmpaddr18, 30
    csrrwi x16, pmpaddr19, 0
    csrrwi x0, pmpaddr21, 0
    csrrwi x31, pmpaddr22, 1
    csrrwi a0, pmpaddr23, 1
    csrrwi fp, pmpaddr24, 30
    csrrwi s11, pmpaddr25, 0
    csrrwi ra, pmpaddr26, 31
    csrrwi x16, pmpaddr27, 0
    csrrwi x0, pmpaddr29, 1
    csrrwi x31, pmpaddr30, 30
    csrrwi a0, pmpaddr31, 0
    csrrwi fp, pmpaddr32, 31
    csrrwi s11, pmpaddr33, 0
    csrrwi ra, pmpaddr34, 1
    csrrwi x16, pmpaddr35, 1
    csrrwi x0, pmpaddr37, 0
    csrrwi x31, pmpaddr38, 31
    csrrwi a0, pmpaddr39, 0
    csrrwi fp, pmpaddr40, 1
    csrrwi s11, pmpaddr41, 1
    csrrwi ra, pmpaddr42, 30
    csrrwi x16, pmpaddr43, 0
    csrrwi x0, pmpaddr45, 0
    csrrwi x31, pmpaddr46, 1
    csrrwi a0, pmpaddr47, 1
    csrrwi fp, pmpaddr48, 30
    csrrwi s11, pmpaddr49, 0
    csrrwi ra, pmpaddr50, 31
    csrrwi x16, pmpaddr51, 0
    csrrwi x0, pmpaddr53, 1
    csrrwi x31, pmpaddr54, 30
    csrrwi a0, pmpaddr55, 0
    csrrwi fp, pmpaddr56, 31
    csrrwi s11, pmpaddr57, 0
    csrrwi ra, pmpaddr58, 1
    csrrwi x16, pmpaddr59, 1
    csrrwi x0, pmpaddr61, 0
    csrrwi x31, pmpaddr62, 31
    csrrwi a0, pmpaddr63, 0
    csrrwi fp, mseccfg, 1
    csrrwi s11, mcycle, 1
    csrrwi ra, minstret, 30
    csrrwi x16, mhpmcounter3, 0
    csrrwi x0, mhpmcounter5, 0
    csrrwi x31, mhpmcounter6, 1
    csrrwi a0, mhpmcounter7, 1
    csrrwi fp, mhpmcounter8, 30
    csrrwi s11, mhpmcounter9, 0
    csrrwi ra, mhpmcounter10, 31
    csrrwi x16, mhpmcounter11, 0
    csrrwi x0, mhpmcounter13, 1
    csrrwi x31, mhpmcounter14, 30
    csrrwi a0, mhpmcounter15, 0
    csrrwi fp, mhpmcounter16, 31
    csrrwi s11, mhpmcounter17, 0
    csrrwi ra, mhpmcounter18, 1
    csrrwi x16, mhpmcounter19, 1
    csrrwi x0, mhpmcounter21, 0
    csrrwi x31, mhpmcounter22, 31
    csrrwi a0, mhpmcounter23, 0
    csrrwi fp, mhpmcounter24, 1
    csrrwi s11, mhpmcounter25, 1
    csrrwi ra, mhpmcounter26, 30
    csrrwi x16, mhpmcounter27, 0
    csrrwi x0, mhpmcounter29, 0
    csrrwi x31, mhpmcounter30, 1
    csrrwi a0, mhpmcounter31, 1
    csrrwi fp, cycle, 30
    csrrwi s11, time, 0
    csrrwi ra, instret, 31
    csrrwi x16, mvendorid, 0
    csrrwi x0, mimpid, 1
    csrrwi x31, mhartid, 30
    csrrwi a0, mconfigptr, 0
    csrrwi fp, 0, 31
    csrrwi s11, 4095, 0
    csrrwi ra, 0x7c0, 1
    csrrwi x16, seed, 1
    csrrwi x0, misa, 0
    csrrwi x31, mie, 31
    csrrwi a0, mtvec, 0
    csrrwi fp, mcounteren, 1
    csrrwi s11, mcountinhibit, 1
    csrrwi ra, mhpmevent3, 30
    csrrwi x16, mhpmevent4, 0
    csrrwi x0, mhpmevent6, 0
    csrrwi x31, mhpmevent7, 1
    csrrwi a0, mhpmevent8, 1
    csrrwi fp, mhpmevent9, 30
    csrrwi s11, mhpmevent10, 0
    csrrwi ra, mhpmevent11, 31
    csrrwi x16, mhpmevent12, 0
    csrrwi x0, mhpmevent14, 1
    csrrwi x31, mhpmevent15, 30
    csrrs x0, 4095, a0
    csrrs x31, 0x7c0, fp
    csrrs a0, seed, s11
    csrrs fp, mstatus, ra
    csrrs s11, misa, x16
    csrrs ra, mie, x0
    csrrs x16, mtvec, x31
    csrrs x0, mcountinhibit, fp
    csrrs x31, mhpmevent3, s11
    csrrs a0, mhpmevent4, ra
    csrrs fp, mhpmevent5, x16
    csrrs s11, mhpmevent6, x0
    csrrs ra, mhpmevent7, x31
    csrrs x16, mhpmevent8, a0
    csrrs x0, mhpmevent10, s11
    csrrs x31, mhpmevent11, ra
    csrrs a0, mhpmevent12, x16
    csrrs fp, mhpmevent13, x0
    csrrs s11, mhpmevent14, x31
    csrrs ra, mhpmevent15, a0
    csrrs x16, mhpmevent16, fp
    csrrs x0, mhpmevent18, ra
    csrrs x31, mhpmevent19, x16
    csrrs a0, mhpmevent20, x0
    csrrs fp, mhpmevent21, x31
    csrrs s11, mhpmevent22, a0
    csrrs ra, mhpmevent23, fp
    csrrs x16, mhpmevent24, s11
    csrrs x0, mhpmevent26, x16
    csrrs x31, mhpmevent27, x0
    csrrs a0, mhpmevent28, x31
    csrrs fp, mhpmevent29, a0
    csrrs s11, mhpmevent30, fp
    csrrs ra, mhpmevent31, s11
    csrrs x16, mscratch, ra
    csrrs x0, mcause, x0
    csrrs x31, mtval, x31
    csrrs a0, mip, a0
    csrrs fp, pmpcfg0, fp
    csrrs s11, pmpcfg2, s11
    csrrs ra, pmpcfg4, ra
    csrrs x16, pmpcfg6, x16
    csrrs x0, pmpcfg10, x31
    csrrs x31, pmpcfg12, a0
    csrrs a0, pmpcfg14, fp
    csrrs fp, pmpaddr0, s11
    csrrs s11, pmpaddr1, ra
    csrrs ra, pmpaddr2, x16
    csrrs x16, pmpaddr3, x0
    csrrs x0, pmpaddr5, a0
    csrrs x31, pmpaddr6, fp
    csrrs a0, pmpaddr7, s11
    csrrs fp, pmpaddr8, ra
    csrrs s11, pmpaddr9, x16
    csrrs ra, pmpaddr10, x0
    csrrs x16, pmpaddr11, x31
    csrrs x0, pmpaddr13, fp
    csrrs x31, pmpaddr14, s11
    csrrs a0, pmpaddr15, ra
    csrrs fp, pmpaddr16, x16
    csrrs s11, pmpaddr17, x0
    csrrs ra, pmpaddr18, x31
    csrrs x16, pmpaddr19, a0
    csrrs x0, pmpaddr21, s11
    csrrs x31, pmpaddr22, ra
    csrrs a0, pmpaddr23, x16
    csrrs fp, pmpaddr24, x0
    csrrs s11, pmpaddr25, x31
    csrrs ra, pmpaddr26, a0
    csrrs x16, pmpaddr27, fp
    csrrs x0, pmpaddr29, ra
    csrrs x31, pmpaddr30, x16
    csrrs a0, pmpaddr31, x0
    csrrs fp, pmpaddr32, x31
    csrrs s11, pmpaddr33, a0
    csrrs ra, pmpaddr34, fp
    csrrs x16, pmpaddr35, s11
    csrrs x0, pmpaddr37, x16
    csrrs x31, pmpaddr38, x0
    csrrs a0, pmpaddr39, x31
    csrrs fp, pmpaddr40, a0
    csrrs s11, pmpaddr41, fp
    csrrs ra, pmpaddr42, s11
    csrrs x16, pmpaddr43, ra
    csrrs x0, pmpaddr45, x0
    csrrs x31, pmpaddr46, x31
    csrrs a0, pmpaddr47, a0
    csrrs fp, pmpaddr48, fp
    csrrs s11, pmpaddr49, s11
    csrrs ra, pmpaddr50, ra
    csrrs x16, pmpaddr51, x16
    csrrs x0, pmpaddr53, x31
    csrrs x31, pmpaddr54, a0
    csrrs a0, pmpaddr55, fp
    csrrs fp, pmpaddr56, s11
    csrrs s11, pmpaddr57, ra
    csrrs ra, pmpaddr58, x16
    csrrs x16, pmpaddr59, x0
    csrrs x0, pmpaddr61, a0
    csrrs x31, pmpaddr62, fp
    csrrs a0, pmpaddr63, s11
    csrrs fp, mseccfg, ra
    csrrs s11, mcycle, x16
    csrrs ra, minstret, x0
    csrrs x16, mhpmcounter3, x31
    csrrs x0, mhpmcounter5, fp
    csrrs x31, mhpmcounter6, s11
    csrrs a0, mhpmcounter7, ra
    csrrs fp, mhpmcounter8, x16
    csrrs s11, mhpmcounter9, x0
    csrrs ra, mhpmcounter10, x31
    csrrs x16, mhpmcounter11, a0
    csrrs x0, mhpmcounter13, s11
    csrrs x31, mhpmcounter14, ra
    csrrs a0, mhpmcounter15, x16
    csrrs fp, mhpmcounter16, x0
    csrrs s11, mhpmcounter17, x31
    csrrs ra, mhpmcounter18, a0
    csrrs x16, mhpmcounter19, fp
    csrrs x0, mhpmcounter21, ra
    csrrs x31, mhpmcounter22, x16
    csrrs a0, mhpmcounter23, x0
    csrrs fp, mhpmcounter24, x31
    csrrs s11, mhpmcounter25, a0
    csrrs ra, mhpmcounter26, fp
    csrrs x16, mhpmcounter27, s11
    csrrs x0, mhpmcounter29, x16
    csrrs x31, mhpmcounter30, x0
    csrrs a0, mhpmcounter31, x31
    csrrs fp, cycle, a0
    csrrs s11, time, fp
    csrrs ra, instret, s11
    csrrs x16, mvendorid, ra
    csrrs x0, mimpid, x0
    csrrs x31, mhartid, x31
    csrrs a0, mconfigptr, a0
    csrrs fp, 0, fp
    csrrs s11, 4095, s11
    csrrs ra, 0x7c0, ra
    csrrs x16, seed, x16
    csrrs x0, misa, x31
    csrrs x31, mie, a0
    csrrs a0, mtvec, fp
    csrrs fp, mcounteren, s11
    csrrs s11, mcountinhibit, ra
    csrrs ra, mhpmevent3, x16
    csrrs x16, mhpmevent4, x0
    csrrs x0, mhpmevent6, a0
    csrrs x31, mhpmevent7, fp
    csrrs a0, mhpmevent8, s11
    csrrs fp, mhpmevent9, ra
    csrrs s11, mhpmevent10, x16
    csrrs ra, mhpmevent11, x0
    csrrs x16, mhpmevent12, x31
    csrrs x0, mhpmevent14, fp
    csrrs x31, mhpmevent15, s11
    csrrsi x0, 4095, 0
    csrrsi x31, 0x7c0, 1
    csrrsi a0, seed, 1
    csrrsi fp, mstatus, 30
    csrrsi s11, misa, 0
    csrrsi ra, mie, 31
    csrrsi x16, mtvec, 0
    csrrsi x0, mcountinhibit, 1
    csrrsi x31, mhpmevent3, 30
    csrrsi a0, mhpmevent4, 0
    csrrsi fp, mhpmevent5, 31
    csrrsi s11, mhpmevent6, 0
    csrrsi ra, mhpmevent7, 1
    csrrsi x16, mhpmevent8, 1
    csrrsi x0, mhpmevent10, 0
    csrrsi x31, mhpmevent11, 31
    csrrsi a0, mhpmevent12, 0
    csrrsi fp, mhpmevent13, 1
    csrrsi s11, mhpmevent14, 1
    csrrsi ra, mhpmevent15, 30
    csrrsi x16, mhpmevent16, 0
    csrrsi x0, mhpmevent18, 0
    csrrsi x31, mhpmevent19, 1
    csrrsi a0, mhpmevent20, 1
    csrrsi fp, mhpmevent21, 30
    csrrsi s11, mhpmevent22, 0
    csrrsi ra, mhpmevent23, 31
    csrrsi x16, mhpmevent24, 0
    csrrsi x0, mhpmevent26, 1
    csrrsi x31, mhpmevent27, 30
    csrrsi a0, mhpmevent28, 0
    csrrsi fp, mhpmevent29, 31
    csrrsi s11, mhpmevent30, 0
    csrrsi ra, mhpmevent31, 1
    csrrsi x16, mscratch, 1
    csrrsi x0, mcause, 0
    csrrsi x31, mtval, 31
    csrrsi a0, mip, 0
    csrrsi fp, pmpcfg0, 1
    csrrsi s11, pmpcfg2, 1
    csrrsi ra, pmpcfg4, 30
    csrrsi x16, pmpcfg6, 0
    csrrsi x0, pmpcfg10, 0
    csrrsi x31, pmpcfg12, 1
    csrrsi a0, pmpcfg14, 1
    csrrsi fp, pmpaddr0, 30
    csrrsi s11, pmpaddr1, 0
    csrrsi ra, pmpaddr2, 31
    csrrsi x16, pmpaddr3, 0
    csrrsi x0, pmpaddr5, 1
    csrrsi x31, pmpaddr6, 30
    csrrsi a0, pmpaddr7, 0
    csrrsi fp, pmpaddr8, 31
    csrrsi s11, pmpaddr9, 0
    csrrsi ra, pmpaddr10, 1
    csrrsi x16, pmpaddr11, 1
    csrrsi x0, pmpaddr13, 0
    csrrsi x31, pmpaddr14, 31
    csrrsi a0, pmpaddr15, 0
    csrrsi fp, pmpaddr16, 1
    csrrsi s11, pmpaddr17, 1
    csrrsi ra, pmpaddr18, 30
    csrrsi x16, pmpaddr19, 0
    csrrsi x0, pmpaddr21, 0
    csrrsi x31, pmpaddr22, 1
    csrrsi a0, pmpaddr23, 1
    csrrsi fp, pmpaddr24, 30
    csrrsi s11, pmpaddr25, 0
    csrrsi ra, pmpaddr26, 31
    csrrsi x16, pmpaddr27, 0
    csrrsi x0, pmpaddr29, 1
    csrrsi x31, pmpaddr30, 30
    csrrsi a0, pmpaddr31, 0
    csrrsi fp, pmpaddr32, 31
    csrrsi s11, pmpaddr33, 0
    csrrsi ra, pmpaddr34, 1
    csrrsi x16, pmpaddr35, 1
    csrrsi x0, pmpaddr37, 0
    csrrsi x31, pmpaddr38, 31
    csrrsi a0, pmpaddr39, 0
    csrrsi fp, pmpaddr40, 1
    csrrsi s11, pmpaddr41, 1
    csrrsi ra, pmpaddr42, 30
    csrrsi x16, pmpaddr43, 0
    csrrsi x0, pmpaddr45, 0
    csrrsi x31, pmpaddr46, 1
    csrrsi a0, pmpaddr47, 1
    csrrsi fp, pmpaddr48, 30
    csrrsi s11, pmpaddr49, 0
    csrrsi ra, pmpaddr50, 31
    csrrsi x16, pmpaddr51, 0
    csrrsi x0, pmpaddr53, 1
    csrrsi x31, pmpaddr54, 30
    csrrsi a0, pmpaddr55, 0
    csrrsi fp, pmpaddr56, 31
    csrrsi s11, pmpaddr57, 0
    csrrsi ra, pmpaddr58, 1
    csrrsi x16, pmpaddr59, 1
    csrrsi x0, pmpaddr61, 0
    csrrsi x31, pmpaddr62, 31
    csrrsi a0, pmpaddr63, 0
    csrrsi fp, mseccfg, 1
    csrrsi s11, mcycle, 1
    csrrsi ra, minstret, 30
    csrrsi x16, mhpmcounter3, 0
    csrrsi x0, mhpmcounter5, 0
    csrrsi x31, mhpmcounter6, 1
    csrrsi a0, mhpmcounter7, 1
    csrrsi fp, mhpmcounter8, 30
    csrrsi s11, mhpmcounter9, 0
    csrrsi ra, mhpmcounter10, 31
    csrrsi x16, mhpmcounter11, 0
    csrrsi x0, mhpmcounter13, 1
    csrrsi x31, mhpmcounter14, 30
    csrrsi a0, mhpmcounter15, 0
    csrrsi fp, mhpmcounter16, 31
    csrrsi s11, mhpmcounter17, 0
    csrrsi ra, mhpmcounter18, 1
    csrrsi x16, mhpmcounter19, 1
    csrrsi x0, mhpmcounter21, 0
    csrrsi x31, mhpmcounter22, 31
    csrrsi a0, mhpmcounter23, 0
    csrrsi fp, mhpmcounter24, 1
    csrrsi s11, mhpmcounter25, 1
    csrrsi ra, mhpmcounter26, 30
    csrrsi x16, mhpmcounter27, 0
    csrrsi x0, mhpmcounter29, 0
    csrrsi x31, mhpmcounter30, 1
    csrrsi a0, mhpmcounter31, 1
    csrrsi fp, cycle, 30
    csrrsi s11, time, 0
    csrrsi ra, instret, 31
    csrrsi x16, mvendorid, 0
    csrrsi x0, mimpid, 1
    csrrsi x31, mhartid, 30
    csrrsi a0, mconfigptr, 0
    csrrsi fp, 0, 31
    csrrsi s11, 4095, 0
    csrrsi ra, 0x7c0, 1
    csrrsi x16, seed, 1
    csrrsi x0, misa, 0
    csrrsi x31, mie, 31
    csrrsi a0, mtvec, 0
    csrrsi fp, mcounteren, 1
    csrrsi s11, mcountinhibit, 1
    csrrsi ra, mhpmevent3, 30
    csrrsi x16, mhpmevent4, 0
    csrrsi x0, mhpmevent6, 0
    csrrsi x31, mhpmevent7, 1
    csrrsi a0, mhpmevent8, 1
    csrrsi fp, mhpmevent9, 30
    csrrsi s11, mhpmevent10, 0
    csrrsi ra, mhpmevent11, 31
    csrrsi x16, mhpmevent12, 0
    csrrsi x0, mhpmevent14, 1
    csrrsi x31, mhpmevent15, 30
    csrrc x0, 4095, a0
    csrrc x31, 0x7c0, fp
    csrrc a0, seed, s11
    csrrc fp, mstatus, ra
    csrrc s11, misa, x16
    csrrc ra, mie, x0
    csrrc x16, mtvec, x31
    csrrc x0, mcountinhibit, fp
    csrrc x31, mhpmevent3, s11
    csrrc a0, mhpmevent4, ra
    csrrc fp, mhpmevent5, x16
    csrrc s11, mhpmevent6, x0
    csrrc ra, mhpmevent7, x31
    csrrc x16, mhpmevent8, a0
    csrrc x0, mhpmevent10, s11
    csrrc x31, mhpmevent11, ra
    csrrc a0, mhpmevent12, x16
    csrrc fp, mhpmevent13, x0
    csrrc s11, mhpmevent14, x31
    csrrc ra, mhpmevent15, a0
    csrrc x16, mhpmevent16, fp
    csrrc x0, mhpmevent18, ra
    csrrc x31, mhpmevent19, x16
    csrrc a0, mhpmevent20, x0
    csrrc fp, mhpmevent21, x31
    csrrc s11, mhpmevent22, a0
    csrrc ra, mhpmevent23, fp
    csrrc x16, mhpmevent24, s11
    csrrc x0, mhpmevent26, x16
    csrrc x31, mhpmevent27, x0
    csrrc a0, mhpmevent28, x31
    csrrc fp, mhpmevent29, a0
    csrrc s11, mhpmevent30, fp
    csrrc ra, mhpmevent31, s11
    csrrc x16, mscratch, ra
    csrrc x0, mcause, x0
    csrrc x31, mtval, x31
    csrrc a0, mip, a0
    csrrc fp, pmpcfg0, fp
    csrrc s11, pmpcfg2, s11
    csrrc ra, pmpcfg4, ra
    csrrc x16, pmpcfg6, x16
    csrrc x0, pmpcfg10, x31
    csrrc x31, pmpcfg12, a0
    csrrc a0, pmpcfg14, fp
    csrrc fp, pmpaddr0, s11
    csrrc s11, pmpaddr1, ra
    csrrc ra, pmpaddr2, x16
    csrrc x16, pmpaddr3, x0
    csrrc x0, pmpaddr5, a0
    csrrc x31, pmpaddr6, fp
    csrrc a0, pmpaddr7, s11
    csrrc fp, pmpaddr8, ra
    csrrc s11, pmpaddr9, x16
    csrrc ra, pmpaddr10, x0
    csrrc x16, pmpaddr11, x31
    csrrc x0, pmpaddr13, fp
    csrrc x31, pmpaddr14, s11
    csrrc a0, pmpaddr15, ra
    csrrc fp, pmpaddr16, x16
    csrrc s11, pmpaddr17, x0
    csrrc ra, pmpaddr18, x31
    csrrc x16, pmpaddr19, a0
    csrrc x0, pmpaddr21, s11
    csrrc x31, pmpaddr22, ra
    csrrc a0, pmpaddr23, x16
    csrrc fp, pmpaddr24, x0
    csrrc s11, pmpaddr25, x31
    csrrc ra, pmpaddr26, a0
    csrrc x16, pmpaddr27, fp
    csrrc x0, pmpaddr29, ra
    csrrc x31, pmpaddr30, x16
    csrrc a0, pmpaddr31, x0
    csrrc fp, pmpaddr32, x31
    csrrc s11, pmpaddr33, a0
    csrrc ra, pmpaddr34, fp
    csrrc x16, pmpaddr35, s11
    csrrc x0, pmpaddr37, x16
    csrrc x31, pmpaddr38, x0
    csrrc a0, pmpaddr39, x31
    csrrc fp, pmpaddr40, a0
    csrrc s11, pmpaddr41, fp
    csrrc ra, pmpaddr42, s11
    csrrc x16, pmpaddr43, ra
    csrrc x0, pmpaddr45, x0
    csrrc x31, pmpaddr46, x31
    csrrc a0, pmpaddr47, a0
    csrrc fp, pmpaddr48, fp
    csrrc s11, pmpaddr49, s11
    csrrc ra, pmpaddr50, ra
    csrrc x16, pmpaddr51, x16
    csrrc x0, pmpaddr53, x31
    csrrc x31, pmpaddr54, a0
    csrrc a0, pmpaddr55, fp
    csrrc fp, pmpaddr56, s11
    csrrc s11, pmpaddr57, ra
    csrrc ra, pmpaddr58, x16
    csrrc x16, pmpaddr59, x0
    csrrc x0, pmpaddr61, a0
    csrrc x31, pmpaddr62, fp
    csrrc a0, pmpaddr63, s11
    csrrc fp, mseccfg, ra
    csrrc s11, mcycle, x16
    csrrc ra, minstret, x0
    csrrc x16, mhpmcounter3, x31
    csrrc x0, mhpmcounter5, fp
    csrrc x31, mhpmcounter6, s11
    csrrc a0, mhpmcounter7, ra
    csrrc fp, mhpmcounter8, x16
    csrrc s11, mhpmcounter9, x0
    csrrc ra, mhpmcounter10, x31
    csrrc x16, mhpmcounter11, a0
    csrrc x0, mhpmcounter13, s11
    csrrc x31, mhpmcounter14, ra
    csrrc a0, mhpmcounter15, x16
    csrrc fp, mhpmcounter16, x0
    csrrc s11, mhpmcounter17, x31
    csrrc ra, mhpmcounter18, a0
    csrrc x16, mhpmcounter19, fp
    csrrc x0, mhpmcounter21, ra
    csrrc x31, mhpmcounter22, x16
    csrrc a0, mhpmcounter23, x0
    csrrc fp, mhpmcounter24, x31
    csrrc s11, mhpmcounter25, a0
    csrrc ra, mhpmcounter26, fp
    csrrc x16, mhpmcounter27, s11
    csrrc x0, mhpmcounter29, x16
    csrrc x31, mhpmcounter30, x0
    csrrc a0, mhpmcounter31, x31
    csrrc fp, cycle, a0
    csrrc s11, time, fp
    csrrc ra, instret, s11
    csrrc x16, mvendorid, ra
    csrrc x0, mimpid, x0
    csrrc x31, mhartid, x31
    csrrc a0, mconfigptr, a0
    csrrc fp, 0, fp
    csrrc s11, 4095, s11
    csrrc ra, 0x7c0, ra
    csrrc x16, seed, x16
    csrrc x0, misa, x31
    csrrc x31, mie, a0
    csrrc a0, mtvec, fp
    csrrc fp, mcounteren, s11
    csrrc s11, mcountinhibit, ra
    csrrc ra, mhpmevent3, x16
    csrrc x16, mhpmevent4, x0
    csrrc x0, mhpmevent6, a0
    csrrc x31, mhpmevent7, fp
    csrrc a0, mhpmevent8, s11
    csrrc fp, mhpmevent9, ra
    csrrc s11, mhpmevent10, x16
    csrrc ra, mhpmevent11, x0
    csrrc x16, mhpmevent12, x31
    csrrc x0, mhpmevent14, fp
    csrrc x31, mhpmevent15, s11
    csrrci x0, 4095, 0
    csrrci x31, 0x7c0, 1
    csrrci a0, seed, 1
    csrrci fp, mstatus, 30
    csrrci s11, misa, 0
    csrrci ra, mie, 31
    csrrci x16, mtvec, 0
    csrrci x0, mcountinhibit, 1
    csrrci x31, mhpmevent3, 30
    csrrci a0, mhpmevent4, 0
    csrrci fp, mhpmevent5, 31
    csrrci s11, mhpmevent6, 0
    csrrci ra, mhpmevent7, 1
    csrrci x16, mhpmevent8, 1
    csrrci x0, mhpmevent10, 0
    csrrci x31, mhpmevent11, 31
    csrrci a0, mhpmevent12, 0
    csrrci fp, mhpmevent13, 1
    csrrci s11, mhpmevent14, 1
    csrrci ra, mhpmevent15, 30
    csrrci x16, mhpmevent16, 0
    csrrci x0, mhpmevent18, 0
    csrrci x31, mhpmevent19, 1
    csrrci a0, mhpmevent20, 1
    csrrci fp, mhpmevent21, 30
    csrrci s11, mhpmevent22, 0
    csrrci ra, mhpmevent23, 31
    csrrci x16, mhpmevent24, 0
    csrrci x0, mhpmevent26, 1
    csrrci x31, mhpmevent27, 30
    csrrci a0, mhpmevent28, 0
    csrrci fp, mhpmevent29, 31
    csrrci s11, mhpmevent30, 0
    csrrci ra, mhpmevent31, 1
    csrrci x16, mscratch, 1
    csrrci x0, mcause, 0
    csrrci x31, mtval, 31
    csrrci a0, mip, 0
    csrrci fp, pmpcfg0, 1
    csrrci s11, pmpcfg2, 1
    csrrci ra, pmpcfg4, 30
    csrrci x16, pmpcfg6, 0
    csrrci x0, pmpcfg10, 0
    csrrci x31, pmpcfg12, 1
    csrrci a0, pmpcfg14, 1
    csrrci fp, pmpaddr0, 30
    csrrci s11, pmpaddr1, 0
    csrrci ra, pmpaddr2, 31
    csrrci x16, pmpaddr3, 0
    csrrci x0, pmpaddr5, 1
    csrrci x31, pmpaddr6, 30
    csrrci a0, pmpaddr7, 0
    csrrci fp, pmpaddr8, 31
    csrrci s11, pmpaddr9, 0
    csrrci ra, pmpaddr10, 1
    csrrci x16, pmpaddr11, 1
    csrrci x0, pmpaddr13, 0
    csrrci x31, pmpaddr14, 31
    csrrci a0, pmpaddr15, 0
    csrrci fp, pmpaddr16, 1
    csrrci s11, pmpaddr17, 1
    csrrci ra, pmpaddr18, 30
    csrrci x16, pmpaddr19, 0
    csrrci x0, pmpaddr21, 0
    csrrci x31, pmpaddr22, 1
    csrrci a0, pmpaddr23, 1
    csrrci fp, pmpaddr24, 30
    csrrci s11, pmpaddr25, 0
    csrrci ra, pmpaddr26, 31
    csrrci x16, pmpaddr27, 0
    csrrci x0, pmpaddr29, 1
    csrrci x31, pmpaddr30, 30
    csrrci a0, pmpaddr31, 0
    csrrci fp, pmpaddr32, 31
    csrrci s11, pmpaddr33, 0
    csrrci ra, pmpaddr34, 1
    csrrci x16, pmpaddr35, 1
    csrrci x0, pmpaddr37, 0
    csrrci x31, pmpaddr38, 31
    csrrci a0, pmpaddr39, 0
    csrrci fp, pmpaddr40, 1
    csrrci s11, pmpaddr41, 1
    csrrci ra, pmpaddr42, 30
    csrrci x16, pmpaddr43, 0
    csrrci x0, pmpaddr45, 0
    csrrci x31, pmpaddr46, 1
    csrrci a0, pmpaddr47, 1
    csrrci fp, pmpaddr48, 30
    csrrci s11, pmpaddr49, 0
    csrrci ra, pmpaddr50, 31
    csrrci x16, pmpaddr51, 0
    csrrci x0, pmpaddr53, 1
    csrrci x31, pmpaddr54, 30
    csrrci a0, pmpaddr55, 0
    csrrci fp, pmpaddr56, 31
    csrrci s11, pmpaddr57, 0
    csrrci ra, pmpaddr58, 1
    csrrci x16, pmpaddr59, 1
    csrrci x0, pmpaddr61, 0
    csrrci x31, pmpaddr62, 31
    csrrci a0, pmpaddr63, 0
    csrrci fp, mseccfg, 1
    csrrci s11, mcycle, 1
    csrrci ra, minstret, 30
    csrrci x16, mhpmcounter3, 0
    csrrci x0, mhpmcounter5, 0
    csrrci x31, mhpmcounter6, 1
    csrrci a0, mhpmcounter7, 1
    csrrci fp, mhpmcounter8, 30
    csrrci s11, mhpmcounter9, 0
    csrrci ra, mhpmcounter10, 31
    csrrci x16, mhpmcounter11, 0
    csrrci x0, mhpmcounter13, 1
    csrrci x31, mhpmcounter14, 30
    csrrci a0, mhpmcounter15, 0
    csrrci fp, mhpmcounter16, 31
    csrrci s11, mhpmcounter17, 0
    csrrci ra, mhpmcounter18, 1
    csrrci x16, mhpmcounter19, 1
    csrrci x0, mhpmcounter21, 0
    csrrci x31, mhpmcounter22, 31
    csrrci a0, mhpmcounter23, 0
    csrrci fp, mhpmcounter24, 1
    csrrci s11, mhpmcounter25, 1
    csrrci ra, mhpmcounter26, 30
    csrrci x16, mhpmcounter27, 0
    csrrci x0, mhpmcounter29, 0
    csrrci x31, mhpmcounter30, 1
    csrrci a0, mhpmcounter31, 1
    csrrci fp, cycle, 30
    csrrci s11, time, 0
    csrrci ra, instret, 31
    csrrci x16, mvendorid, 0
    csrrci x0, mimpid, 1
    csrrci x31, mhartid, 30
    csrrci a0, mconfigptr, 0
    csrrci fp, 0, 31
    csrrci s11, 4095, 0
    csrrci ra, 0x7c0, 1
    csrrci x16, seed, 1
    csrrci x0, misa, 0
    csrrci x31, mie, 31
    csrrci a0, mtvec, 0
    csrrci fp, mcounteren, 1
    csrrci s11, mcountinhibit, 1
    csrrci ra, mhpmevent3, 30
    csrrci x16, mhpmevent4, 0
    csrrci x0, mhpmevent6, 0
    csrrci x31, mhpmevent7, 1
    csrrci a0, mhpmevent8, 1
    csrrci fp, mhpmevent9, 30
    csrrci s11, mhpmevent10, 0
    csrrci ra, mhpmevent11, 31
    csrrci x16, mhpmevent12, 0
    csrrci x0, mhpmevent14, 1
    csrrci x31, mhpmevent15, 30
    ecall
    ebreak
    mret
    wfi
