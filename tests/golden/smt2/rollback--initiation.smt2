; initiation: the invariant is true before anything has happened
; expected: unsat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Service 0)
(declare-fun requires (Event Event) Bool)
(declare-fun refers (Event Event) Bool)
(declare-fun in-group (Service) Bool)
(declare-fun logged@0 (Event) Bool)
(declare-fun backed@0 (Event) Bool)
(declare-fun oldest@0 (Event) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun recovered@0 () Bool)
; assumption: nothing requires or refers to itself
(assert (forall ((e Event) (f Event))
          (and (=> (requires e f) (not (requires f e))) (=> (refers e f) (not (refers f e))))))
; assumption: a link is made to what exists
(assert (forall ((e Event) (f Event)) (=> (refers e f) (requires e f))))
; assumption: every service is in the group
(assert (forall ((s Service)) (in-group s)))
; at first: nothing is logged
(assert (forall ((x0 Event)) (not (logged@0 x0))))
; at first: nothing is backed
(assert (forall ((x0 Event)) (not (backed@0 x0))))
; at first: nothing is oldest
(assert (forall ((x0 Event)) (not (oldest@0 x0))))
; at first: nothing is snapped
(assert (forall ((x0 Service)) (not (snapped@0 x0))))
; at first: nothing is recovered
(assert (not recovered@0))
; the invariant fails
(assert (not
          (and
            (forall ((e Event) (f Event)) (=> (and (refers e f) (logged@0 e)) (logged@0 f)))
            (forall ((e Event) (f Event)) (=> (and (refers e f) (oldest@0 e)) (oldest@0 f))))))
(check-sat)
