; without single: if services can be snapshotted at one instant, this strategy fails
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
(declare-fun round!2 () Round)
(declare-fun run@2 (Round) Bool)
(declare-fun has@2 (Service Round) Bool)
(declare-fun snapped@2 (Service) Bool)
(declare-fun older@2 (Service Service) Bool)
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
; 2. snapshot of everything: the clients go on
(assert (not (run@1 round!2)))
; 2. snapshot of everything: then: run
(assert (forall ((x0 Round)) (= (run@2 x0) (or (run@1 x0) (= x0 round!2)))))
; 2. snapshot of everything: then: has
(assert (forall ((x0 Service) (x1 Round)) (= (has@2 x0 x1) (run@1 x1))))
; 2. snapshot of everything: then: snapped
(assert (forall ((x0 Service)) (= (snapped@2 x0) true)))
; 2. snapshot of everything: then: older
(assert (forall ((x0 Service) (x1 Service)) (= (older@2 x0 x1) false)))
; at the end
(assert (exists ((s Service) (t Service))
          (and
            (share s t)
            (snapped@2 s)
            (snapped@2 t)
            (exists ((r Round)) (has@2 s r))
            (forall ((r Round)) (= (has@2 s r) (has@2 t r))))))
(check-sat)
