; it costs availability: a command is held back under the lock
; expected: sat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Interaction 0)
(declare-sort Service 0)
(declare-fun requires (Event Event) Bool)
(declare-fun refers (Event Event) Bool)
(declare-fun of (Event) Interaction)
(declare-fun logged@0 (Event) Bool)
(declare-fun backed@0 (Event) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun locked@0 () Bool)
(declare-fun recovered@0 () Bool)
(declare-fun in-group (Service) Bool)
(declare-fun logged@1 (Event) Bool)
(declare-fun backed@1 (Event) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun locked@1 () Bool)
(declare-fun recovered@1 () Bool)
(declare-fun at (Event) Service)
; assumption: nothing requires or refers to itself
(assert (forall ((e Event) (f Event))
          (and (=> (requires e f) (not (requires f e))) (=> (refers e f) (not (refers f e))))))
; assumption: a link is made to what exists or to what its interaction creates
(assert (forall ((e Event) (f Event)) (=> (refers e f) (or (requires e f) (= (of e) (of f))))))
; at first: nothing is logged
(assert (forall ((x0 Event)) (not (logged@0 x0))))
; at first: nothing is backed
(assert (forall ((x0 Event)) (not (backed@0 x0))))
; at first: nothing is snapped
(assert (forall ((x0 Service)) (not (snapped@0 x0))))
; at first: nothing is locked
(assert (not locked@0))
; at first: nothing is recovered
(assert (not recovered@0))
; 1. lock: before the disaster
(assert (not recovered@0))
; 1. lock: it is free
(assert (not locked@0))
; 1. lock: nothing of it is snapped
(assert (forall ((s Service)) (=> (in-group s) (not (snapped@0 s)))))
; 1. lock: then: logged
(assert (forall ((x0 Event)) (= (logged@1 x0) (logged@0 x0))))
; 1. lock: then: backed
(assert (forall ((x0 Event)) (= (backed@1 x0) (backed@0 x0))))
; 1. lock: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (snapped@0 x0))))
; 1. lock: then: locked
(assert (= locked@1 true))
; 1. lock: then: recovered
(assert (= recovered@1 recovered@0))
; at the end
(assert (exists ((e Event))
          (and
            (not (logged@1 e))
            (forall ((f Event)) (=> (requires e f) (logged@1 f)))
            (not
              (=>
                (and (in-group (at e)) locked@1)
                (exists ((f Event)) (and (in-group (at f)) (= (of e) (of f)) (logged@1 f))))))))
(check-sat)
