; initiation: the invariant is true before anything has happened
; expected: unsat
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
; the invariant fails
(assert (not
          (and
            (forall ((s Service))
              (=> (snapped@0 s) (exists ((r Round)) (and (run@0 r) (not (has@0 s r))))))
            (forall ((s Service) (t Service))
              (=> (older@0 s t) (exists ((r Round)) (and (has@0 t r) (not (has@0 s r))))))
            (forall ((s Service) (t Service))
              (=> (and (snapped@0 s) (snapped@0 t) (not (= s t))) (or (older@0 s t) (older@0 t s))))
            (forall ((s Service) (t Service) (u Service))
              (=> (and (older@0 s t) (older@0 t u)) (older@0 s u)))
            (forall ((s Service) (t Service))
              (=> (older@0 s t) (and (snapped@0 s) (snapped@0 t) (not (= s t))))))))
(check-sat)
