# Pseudo-instructions of floating point, and numbers as data.
.globl _start
_start:
    fmv.s fa0, fs1
    fmv.d ft0, f31
    fneg.s fa0, fs1
    fneg.d ft0, f31
    fabs.s fa0, fs1
    fabs.d ft0, f31
    fgt.s a0, fa1, fa2
    fge.s a0, fa1, fa2
    fgt.d a0, fa1, fa2
    fge.d a0, fa1, fa2
    fmv.x.s a0, fa0
    fmv.s.x fa0, a0
    frcsr a0
    fscsr a0
    fscsr a0, a1
    frsr a0
    fssr a0
    fssr a0, a1
    frrm a0
    fsrm a0
    fsrm a0, a1
    fsrmi 3
    fsrmi a0, 3
    frflags a0
    fsflags a0
    fsflags a0, a1
    fsflagsi 31
    fsflagsi a0, 1
    csrr a0, fcsr
    csrw frm, 7
    csrs fflags, a0
    flw fa0, singles, t0
    fsw fa0, singles+4, t0
    fld fs0, doubles, a5
    fsd ft11, doubles+8, t1
    flw fa0, (sp)
    fsd fa0, 2047(fp)
    fadd.s fa0, fa1, fa2
    FADD.S f10, f11, f12, rtz
.data
.balign 8
singles: .float 1.5, -0.1, 3.4028235e38, 1e-45, inf, -inf
.balign 8
doubles: .double 1.5, -0.1, 1e308, 5e-324, 0.1
