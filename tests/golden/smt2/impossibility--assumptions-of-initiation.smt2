; assumptions of initiation: what 'initiation' assumes can be true
; expected: sat
(set-logic UF)
(declare-sort Service 0)
(declare-sort Round 0)
(declare-fun share (Service Service) Bool)
(declare-fun run@0 (Round) Bool)
(declare-fun has@0 (Service Round) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun older@0 (Service Service) Bool)
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
(check-sat)
