; assumptions of safety no broken link: what 'safety no broken link' assumes can be true
; expected: sat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Interaction 0)
(declare-sort Service 0)
(declare-fun requires (Event Event) Bool)
(declare-fun refers (Event Event) Bool)
(declare-fun of (Event) Interaction)
(declare-fun recovered@0 () Bool)
(declare-fun logged@0 (Event) Bool)
(declare-fun locked@0 () Bool)
(declare-fun in-group (Service) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun at (Event) Service)
(declare-fun backed@0 (Event) Bool)
; assumption: nothing requires or refers to itself
(assert (forall ((e Event) (f Event))
          (and (=> (requires e f) (not (requires f e))) (=> (refers e f) (not (refers f e))))))
; assumption: a link is made to what exists or to what its interaction creates
(assert (forall ((e Event) (f Event)) (=> (refers e f) (or (requires e f) (= (of e) (of f))))))
; invariant: what is logged has what it requires
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event)) (=> (and (requires e f) (logged@0 e)) (logged@0 f)))))
; invariant: under the lock a backup is still the log
(assert (=>
          (not recovered@0)
          (forall ((s Service) (e Event))
            (=>
              (and locked@0 (and (in-group s) (snapped@0 s)) (= (at e) s))
              (= (backed@0 e) (logged@0 e))))))
; invariant: under the lock, after a snapshot, nothing is in flight
(assert (=>
          (not recovered@0)
          (forall ((s Service))
            (=>
              (and locked@0 (and (in-group s) (snapped@0 s)))
              (forall ((e Event) (f Event))
                (=>
                  (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (logged@0 e))
                  (logged@0 f)))))))
; invariant: without the lock, all of the group is snapped or nothing
(assert (=>
          (not recovered@0)
          (forall ((s Service) (t Service))
            (=> (and (not locked@0) (and (in-group s) (snapped@0 s)) (in-group t)) (snapped@0 t)))))
; invariant: a completed set is consistent
(assert (=>
          (not recovered@0)
          (forall ((s Service))
            (=>
              (and (not locked@0) (and (in-group s) (snapped@0 s)))
              (and
                (forall ((e Event) (f Event))
                  (=>
                    (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (backed@0 e))
                    (backed@0 f)))
                (forall ((e Event) (f Event))
                  (=>
                    (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (backed@0 e))
                    (backed@0 f))))))))
; invariant: the cut is consistent
(assert (=>
          recovered@0
          (and
            (forall ((e Event) (f Event))
              (=>
                (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (logged@0 e))
                (logged@0 f)))
            (forall ((e Event) (f Event))
              (=>
                (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (logged@0 e))
                (logged@0 f))))))
(check-sat)
