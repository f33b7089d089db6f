; consecution snapshot of the group: if the invariant is true, it still is when the whole group is snapshotted at one instant
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
(declare-fun snapped@0 (Service) Bool)
(declare-fun logged@1 (Event) Bool)
(declare-fun backed@1 (Event) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun recovered@1 () Bool)
; assumption: nothing requires or refers to itself
(assert (forall ((e Event) (f Event))
          (and (=> (requires e f) (not (requires f e))) (=> (refers e f) (not (refers f e))))))
; assumption: a link is made to what exists or to what its interaction creates
(assert (forall ((e Event) (f Event)) (=> (refers e f) (or (requires e f) (= (of e) (of f))))))
; before: interactions are logged all or none
(assert (forall ((e Event) (f Event))
          (=>
            (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (logged@0 e))
            (logged@0 f))))
; before: interactions are backed up all or none
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event))
            (=>
              (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (backed@0 e))
              (backed@0 f)))))
; before: links are logged with their targets
(assert (forall ((e Event) (f Event))
          (=>
            (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (logged@0 e))
            (logged@0 f))))
; before: links are backed up with their targets
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event))
            (=>
              (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (backed@0 e))
              (backed@0 f)))))
; 1. snapshot of the group: before the disaster
(assert (not recovered@0))
; 1. snapshot of the group: nothing of it is snapped
(assert (forall ((s Service)) (=> (in-group s) (not (snapped@0 s)))))
; 1. snapshot of the group: then: logged
(assert (forall ((x0 Event)) (= (logged@1 x0) (logged@0 x0))))
; 1. snapshot of the group: then: backed
(assert (forall ((x0 Event))
          (=
            (backed@1 x0)
            (or (and (in-group (at x0)) (logged@0 x0)) (and (not (in-group (at x0))) (backed@0 x0))))))
; 1. snapshot of the group: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (or (snapped@0 x0) (in-group x0)))))
; 1. snapshot of the group: then: recovered
(assert (= recovered@1 recovered@0))
; after: the invariant fails
(assert (not
          (and
            (forall ((e Event) (f Event))
              (=>
                (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (logged@1 e))
                (logged@1 f)))
            (=>
              (not recovered@1)
              (forall ((e Event) (f Event))
                (=>
                  (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (backed@1 e))
                  (backed@1 f))))
            (forall ((e Event) (f Event))
              (=>
                (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (logged@1 e))
                (logged@1 f)))
            (=>
              (not recovered@1)
              (forall ((e Event) (f Event))
                (=>
                  (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (backed@1 e))
                  (backed@1 f)))))))
(check-sat)
