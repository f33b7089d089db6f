; safety no broken link: the invariant implies: no broken link
; expected: unsat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Interaction 0)
(declare-sort Service 0)
(declare-fun requires (Event Event) Bool)
(declare-fun refers (Event Event) Bool)
(declare-fun of (Event) Interaction)
(declare-fun in-group (Service) Bool)
(declare-fun at (Event) Service)
(declare-fun logged@0 (Event) Bool)
(declare-fun recovered@0 () Bool)
(declare-fun backed@0 (Event) Bool)
; assumption: nothing requires or refers to itself
(assert (forall ((e Event) (f Event))
          (and (=> (requires e f) (not (requires f e))) (=> (refers e f) (not (refers f e))))))
; assumption: a link is made to what exists or to what its interaction creates
(assert (forall ((e Event) (f Event)) (=> (refers e f) (or (requires e f) (= (of e) (of f))))))
; invariant: interactions are logged all or none
(assert (forall ((e Event) (f Event))
          (=>
            (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (logged@0 e))
            (logged@0 f))))
; invariant: interactions are backed up all or none
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event))
            (=>
              (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (backed@0 e))
              (backed@0 f)))))
; invariant: links are logged with their targets
(assert (forall ((e Event) (f Event))
          (=>
            (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (logged@0 e))
            (logged@0 f))))
; invariant: links are backed up with their targets
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event))
            (=>
              (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (backed@0 e))
              (backed@0 f)))))
; not: no broken link
(assert (not
          (=>
            recovered@0
            (forall ((e Event) (f Event))
              (=>
                (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (logged@0 e))
                (logged@0 f))))))
(check-sat)
