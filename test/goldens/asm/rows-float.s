# Made by test/goldens/make/asm.mjs.
.globl _start
_start:
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
