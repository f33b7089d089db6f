; safety no broken link: the invariant implies: no broken link
; expected: unsat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Service 0)
(declare-fun requires (Event Event) Bool)
(declare-fun refers (Event Event) Bool)
(declare-fun earlier (Service Service) Bool)
(declare-fun at (Event) Service)
(declare-fun logged@0 (Event) Bool)
(declare-fun backed@0 (Event) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun recovered@0 () Bool)
; assumption: nothing requires or refers to itself
(assert (forall ((e Event) (f Event))
          (and (=> (requires e f) (not (requires f e))) (=> (refers e f) (not (refers f e))))))
; assumption: a link is made to what exists
(assert (forall ((e Event) (f Event)) (=> (refers e f) (requires e f))))
; assumption: the order is irreflexive
(assert (forall ((s Service)) (not (earlier s s))))
; assumption: the order is transitive
(assert (forall ((s Service) (t Service) (u Service))
          (=> (and (earlier s t) (earlier t u)) (earlier s u))))
; assumption: the holder's service comes first
(assert (forall ((e Event) (f Event))
          (=> (refers e f) (or (= (at e) (at f)) (earlier (at e) (at f))))))
; invariant: links are logged with their targets
(assert (forall ((e Event) (f Event)) (=> (and (refers e f) (logged@0 e)) (logged@0 f))))
; invariant: what is backed up is logged
(assert (forall ((e Event)) (=> (backed@0 e) (logged@0 e))))
; invariant: backups are taken in the order
(assert (forall ((s Service) (t Service)) (=> (and (earlier s t) (snapped@0 t)) (snapped@0 s))))
; invariant: a link is backed up with its target
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event))
            (=> (and (refers e f) (backed@0 e) (snapped@0 (at f))) (backed@0 f)))))
; invariant: only a snapshot backs up
(assert (forall ((e Event)) (=> (backed@0 e) (snapped@0 (at e)))))
; not: no broken link
(assert (not
          (=>
            recovered@0
            (forall ((e Event) (f Event)) (=> (and (refers e f) (logged@0 e)) (logged@0 f))))))
(check-sat)
