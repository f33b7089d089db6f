; consecution disaster: if the invariant is true, it still is when disaster strikes, and every log goes back to the instant of the oldest backup
; expected: unsat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Service 0)
(declare-fun requires (Event Event) Bool)
(declare-fun refers (Event Event) Bool)
(declare-fun in-group (Service) Bool)
(declare-fun logged@0 (Event) Bool)
(declare-fun oldest@0 (Event) Bool)
(declare-fun recovered@0 () Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun logged@1 (Event) Bool)
(declare-fun backed@1 (Event) Bool)
(declare-fun backed@0 (Event) Bool)
(declare-fun oldest@1 (Event) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun recovered@1 () Bool)
; assumption: nothing requires or refers to itself
(assert (forall ((e Event) (f Event))
          (and (=> (requires e f) (not (requires f e))) (=> (refers e f) (not (refers f e))))))
; assumption: a link is made to what exists
(assert (forall ((e Event) (f Event)) (=> (refers e f) (requires e f))))
; assumption: every service is in the group
(assert (forall ((s Service)) (in-group s)))
; before: links are logged with their targets
(assert (forall ((e Event) (f Event)) (=> (and (refers e f) (logged@0 e)) (logged@0 f))))
; before: at the oldest backup, they were
(assert (forall ((e Event) (f Event)) (=> (and (refers e f) (oldest@0 e)) (oldest@0 f))))
; 1. disaster: before the disaster
(assert (not recovered@0))
; 1. disaster: everything has a backup
(assert (forall ((s Service)) (snapped@0 s)))
; 1. disaster: then: logged
(assert (forall ((x0 Event)) (= (logged@1 x0) (oldest@0 x0))))
; 1. disaster: then: backed
(assert (forall ((x0 Event)) (= (backed@1 x0) (backed@0 x0))))
; 1. disaster: then: oldest
(assert (forall ((x0 Event)) (= (oldest@1 x0) (oldest@0 x0))))
; 1. disaster: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (snapped@0 x0))))
; 1. disaster: then: recovered
(assert (= recovered@1 true))
; after: the invariant fails
(assert (not
          (and
            (forall ((e Event) (f Event)) (=> (and (refers e f) (logged@1 e)) (logged@1 f)))
            (forall ((e Event) (f Event)) (=> (and (refers e f) (oldest@1 e)) (oldest@1 f))))))
(check-sat)
