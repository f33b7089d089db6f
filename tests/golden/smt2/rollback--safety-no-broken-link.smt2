; safety no broken link: the invariant implies: no broken link
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
; assumption: nothing requires or refers to itself
(assert (forall ((e Event) (f Event))
          (and (=> (requires e f) (not (requires f e))) (=> (refers e f) (not (refers f e))))))
; assumption: a link is made to what exists
(assert (forall ((e Event) (f Event)) (=> (refers e f) (requires e f))))
; assumption: every service is in the group
(assert (forall ((s Service)) (in-group s)))
; invariant: links are logged with their targets
(assert (forall ((e Event) (f Event)) (=> (and (refers e f) (logged@0 e)) (logged@0 f))))
; invariant: at the oldest backup, they were
(assert (forall ((e Event) (f Event)) (=> (and (refers e f) (oldest@0 e)) (oldest@0 f))))
; not: no broken link
(assert (not
          (=>
            recovered@0
            (forall ((e Event) (f Event)) (=> (and (refers e f) (logged@0 e)) (logged@0 f))))))
(check-sat)
