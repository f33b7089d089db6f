; consecution more: if the invariant is true, it still is when other clients run x
; expected: unsat
(set-logic UF)
(declare-sort Service 0)
(declare-sort Round 0)
(declare-fun share (Service Service) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun run@0 (Round) Bool)
(declare-fun has@0 (Service Round) Bool)
(declare-fun older@0 (Service Service) Bool)
(declare-fun run@1 (Round) Bool)
(declare-fun round!1 () Round)
(declare-fun has@1 (Service Round) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun older@1 (Service Service) Bool)
; assumption: two services share a use case, not one
(assert (forall ((s Service)) (not (share s s))))
; before: every snapshot was answered
(assert (forall ((s Service))
          (=> (snapped@0 s) (exists ((r Round)) (and (run@0 r) (not (has@0 s r)))))))
; before: the older backup lacks what the newer has
(assert (forall ((s Service) (t Service))
          (=> (older@0 s t) (exists ((r Round)) (and (has@0 t r) (not (has@0 s r)))))))
; before: one of two is older
(assert (forall ((s Service) (t Service))
          (=> (and (snapped@0 s) (snapped@0 t) (not (= s t))) (or (older@0 s t) (older@0 t s)))))
; before: age is transitive
(assert (forall ((s Service) (t Service) (u Service))
          (=> (and (older@0 s t) (older@0 t u)) (older@0 s u))))
; before: only backups have ages
(assert (forall ((s Service) (t Service))
          (=> (older@0 s t) (and (snapped@0 s) (snapped@0 t) (not (= s t))))))
; 1. more: then: run
(assert (forall ((x0 Round)) (= (run@1 x0) (or (run@0 x0) (= x0 round!1)))))
; 1. more: then: has
(assert (forall ((x0 Service) (x1 Round)) (= (has@1 x0 x1) (has@0 x0 x1))))
; 1. more: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (snapped@0 x0))))
; 1. more: then: older
(assert (forall ((x0 Service) (x1 Service)) (= (older@1 x0 x1) (older@0 x0 x1))))
; after: the invariant fails
(assert (not
          (and
            (forall ((s Service))
              (=> (snapped@1 s) (exists ((r Round)) (and (run@1 r) (not (has@1 s r))))))
            (forall ((s Service) (t Service))
              (=> (older@1 s t) (exists ((r Round)) (and (has@1 t r) (not (has@1 s r))))))
            (forall ((s Service) (t Service))
              (=> (and (snapped@1 s) (snapped@1 t) (not (= s t))) (or (older@1 s t) (older@1 t s))))
            (forall ((s Service) (t Service) (u Service))
              (=> (and (older@1 s t) (older@1 t u)) (older@1 s u)))
            (forall ((s Service) (t Service))
              (=> (older@1 s t) (and (snapped@1 s) (snapped@1 t) (not (= s t))))))))
(check-sat)
