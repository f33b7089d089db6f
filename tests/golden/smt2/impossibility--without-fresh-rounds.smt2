; without fresh rounds: if a round that was run before counts as an answer, the backups can be consistent
; expected: sat
(set-logic UF)
(declare-sort Service 0)
(declare-sort Round 0)
(declare-fun share (Service Service) Bool)
(declare-fun run@0 (Round) Bool)
(declare-fun has@0 (Service Round) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun older@0 (Service Service) Bool)
(declare-fun run@1 (Round) Bool)
(declare-fun round!1 () Round)
(declare-fun has@1 (Service Round) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun older@1 (Service Service) Bool)
(declare-fun run@2 (Round) Bool)
(declare-fun round1!2 () Round)
(declare-fun has@2 (Service Round) Bool)
(declare-fun service!2 () Service)
(declare-fun snapped@2 (Service) Bool)
(declare-fun older@2 (Service Service) Bool)
(declare-fun run@3 (Round) Bool)
(declare-fun round1!3 () Round)
(declare-fun has@3 (Service Round) Bool)
(declare-fun service!3 () Service)
(declare-fun snapped@3 (Service) Bool)
(declare-fun older@3 (Service Service) Bool)
; assumption: two services share a use case, not one
(assert (forall ((s Service)) (not (share s s))))
; at first: nothing is run
(assert (forall ((x0 Round)) (not (run@0 x0))))
; at first: nothing is has
(assert (forall ((x0 Service) (x1 Round)) (not (has@0 x0 x1))))
; at first: nothing is snapped
(assert (forall ((x0 Service)) (not (snapped@0 x0))))
; at first: nothing is older
(assert (forall ((x0 Service) (x1 Service)) (not (older@0 x0 x1))))
; 1. more: then: run
(assert (forall ((x0 Round)) (= (run@1 x0) (or (run@0 x0) (= x0 round!1)))))
; 1. more: then: has
(assert (forall ((x0 Service) (x1 Round)) (= (has@1 x0 x1) (has@0 x0 x1))))
; 1. more: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (snapped@0 x0))))
; 1. more: then: older
(assert (forall ((x0 Service) (x1 Service)) (= (older@1 x0 x1) (older@0 x0 x1))))
; 2. snapshot: then: run
(assert (forall ((x0 Round)) (= (run@2 x0) (or (run@1 x0) (= x0 round1!2)))))
; 2. snapshot: then: has
(assert (forall ((x0 Service) (x1 Round))
          (=
            (has@2 x0 x1)
            (or (and (= x0 service!2) (run@1 x1)) (and (not (= x0 service!2)) (has@1 x0 x1))))))
; 2. snapshot: then: snapped
(assert (forall ((x0 Service)) (= (snapped@2 x0) (or (snapped@1 x0) (= x0 service!2)))))
; 2. snapshot: then: older
(assert (forall ((x0 Service) (x1 Service))
          (=
            (older@2 x0 x1)
            (or
              (and (= x1 service!2) (not (= x0 service!2)) (snapped@1 x0))
              (and (not (= x0 service!2)) (not (= x1 service!2)) (older@1 x0 x1))))))
; 3. snapshot: then: run
(assert (forall ((x0 Round)) (= (run@3 x0) (or (run@2 x0) (= x0 round1!3)))))
; 3. snapshot: then: has
(assert (forall ((x0 Service) (x1 Round))
          (=
            (has@3 x0 x1)
            (or (and (= x0 service!3) (run@2 x1)) (and (not (= x0 service!3)) (has@2 x0 x1))))))
; 3. snapshot: then: snapped
(assert (forall ((x0 Service)) (= (snapped@3 x0) (or (snapped@2 x0) (= x0 service!3)))))
; 3. snapshot: then: older
(assert (forall ((x0 Service) (x1 Service))
          (=
            (older@3 x0 x1)
            (or
              (and (= x1 service!3) (not (= x0 service!3)) (snapped@2 x0))
              (and (not (= x0 service!3)) (not (= x1 service!3)) (older@2 x0 x1))))))
; at the end
(assert (exists ((s Service) (t Service))
          (and
            (share s t)
            (snapped@3 s)
            (snapped@3 t)
            (exists ((r Round)) (has@3 s r))
            (forall ((r Round)) (= (has@3 s r) (has@3 t r))))))
(check-sat)
