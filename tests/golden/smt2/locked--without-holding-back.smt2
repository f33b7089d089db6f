; without holding back: if the lock holds nothing back, half an interaction can be in the backups
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
(declare-fun service!2 () Service)
(declare-fun at (Event) Service)
(declare-fun logged@2 (Event) Bool)
(declare-fun backed@2 (Event) Bool)
(declare-fun snapped@2 (Service) Bool)
(declare-fun locked@2 () Bool)
(declare-fun recovered@2 () Bool)
(declare-fun event!3 () Event)
(declare-fun logged@3 (Event) Bool)
(declare-fun backed@3 (Event) Bool)
(declare-fun snapped@3 (Service) Bool)
(declare-fun locked@3 () Bool)
(declare-fun recovered@3 () Bool)
(declare-fun event!4 () Event)
(declare-fun logged@4 (Event) Bool)
(declare-fun backed@4 (Event) Bool)
(declare-fun snapped@4 (Service) Bool)
(declare-fun locked@4 () Bool)
(declare-fun recovered@4 () Bool)
(declare-fun service!5 () Service)
(declare-fun logged@5 (Event) Bool)
(declare-fun backed@5 (Event) Bool)
(declare-fun snapped@5 (Service) Bool)
(declare-fun locked@5 () Bool)
(declare-fun recovered@5 () Bool)
(declare-fun logged@6 (Event) Bool)
(declare-fun backed@6 (Event) Bool)
(declare-fun snapped@6 (Service) Bool)
(declare-fun locked@6 () Bool)
(declare-fun recovered@6 () Bool)
(declare-fun logged@7 (Event) Bool)
(declare-fun backed@7 (Event) Bool)
(declare-fun snapped@7 (Service) Bool)
(declare-fun locked@7 () Bool)
(declare-fun recovered@7 () Bool)
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
; 2. snapshot: before the disaster
(assert (not recovered@1))
; 2. snapshot: it has no backup yet
(assert (not (snapped@1 service!2)))
; 2. snapshot: the group is locked
(assert (=> (in-group service!2) locked@1))
; 2. snapshot: the group is drained
(assert (=>
          (in-group service!2)
          (forall ((e Event) (f Event))
            (=>
              (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (logged@1 e))
              (logged@1 f)))))
; 2. snapshot: then: logged
(assert (forall ((x0 Event)) (= (logged@2 x0) (logged@1 x0))))
; 2. snapshot: then: backed
(assert (forall ((x0 Event))
          (=
            (backed@2 x0)
            (or
              (and (= (at x0) service!2) (logged@1 x0))
              (and (not (= (at x0) service!2)) (backed@1 x0))))))
; 2. snapshot: then: snapped
(assert (forall ((x0 Service)) (= (snapped@2 x0) (or (snapped@1 x0) (= x0 service!2)))))
; 2. snapshot: then: locked
(assert (= locked@2 locked@1))
; 2. snapshot: then: recovered
(assert (= recovered@2 recovered@1))
; 3. step: before the disaster
(assert (not recovered@2))
; 3. step: it is new
(assert (not (logged@2 event!3)))
; 3. step: it has what it requires
(assert (forall ((f Event)) (=> (requires event!3 f) (logged@2 f))))
; 3. step: then: logged
(assert (forall ((x0 Event)) (= (logged@3 x0) (or (logged@2 x0) (= x0 event!3)))))
; 3. step: then: backed
(assert (forall ((x0 Event)) (= (backed@3 x0) (backed@2 x0))))
; 3. step: then: snapped
(assert (forall ((x0 Service)) (= (snapped@3 x0) (snapped@2 x0))))
; 3. step: then: locked
(assert (= locked@3 locked@2))
; 3. step: then: recovered
(assert (= recovered@3 recovered@2))
; 4. step: before the disaster
(assert (not recovered@3))
; 4. step: it is new
(assert (not (logged@3 event!4)))
; 4. step: it has what it requires
(assert (forall ((f Event)) (=> (requires event!4 f) (logged@3 f))))
; 4. step: then: logged
(assert (forall ((x0 Event)) (= (logged@4 x0) (or (logged@3 x0) (= x0 event!4)))))
; 4. step: then: backed
(assert (forall ((x0 Event)) (= (backed@4 x0) (backed@3 x0))))
; 4. step: then: snapped
(assert (forall ((x0 Service)) (= (snapped@4 x0) (snapped@3 x0))))
; 4. step: then: locked
(assert (= locked@4 locked@3))
; 4. step: then: recovered
(assert (= recovered@4 recovered@3))
; 5. snapshot: before the disaster
(assert (not recovered@4))
; 5. snapshot: it has no backup yet
(assert (not (snapped@4 service!5)))
; 5. snapshot: the group is locked
(assert (=> (in-group service!5) locked@4))
; 5. snapshot: the group is drained
(assert (=>
          (in-group service!5)
          (forall ((e Event) (f Event))
            (=>
              (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (logged@4 e))
              (logged@4 f)))))
; 5. snapshot: then: logged
(assert (forall ((x0 Event)) (= (logged@5 x0) (logged@4 x0))))
; 5. snapshot: then: backed
(assert (forall ((x0 Event))
          (=
            (backed@5 x0)
            (or
              (and (= (at x0) service!5) (logged@4 x0))
              (and (not (= (at x0) service!5)) (backed@4 x0))))))
; 5. snapshot: then: snapped
(assert (forall ((x0 Service)) (= (snapped@5 x0) (or (snapped@4 x0) (= x0 service!5)))))
; 5. snapshot: then: locked
(assert (= locked@5 locked@4))
; 5. snapshot: then: recovered
(assert (= recovered@5 recovered@4))
; 6. unlock: before the disaster
(assert (not recovered@5))
; 6. unlock: it is locked
(assert locked@5)
; 6. unlock: all of it is snapped
(assert (forall ((s Service)) (=> (in-group s) (snapped@5 s))))
; 6. unlock: then: logged
(assert (forall ((x0 Event)) (= (logged@6 x0) (logged@5 x0))))
; 6. unlock: then: backed
(assert (forall ((x0 Event)) (= (backed@6 x0) (backed@5 x0))))
; 6. unlock: then: snapped
(assert (forall ((x0 Service)) (= (snapped@6 x0) (snapped@5 x0))))
; 6. unlock: then: locked
(assert (= locked@6 false))
; 6. unlock: then: recovered
(assert (= recovered@6 recovered@5))
; 7. disaster: before the disaster
(assert (not recovered@6))
; 7. disaster: the group has a backup
(assert (forall ((s Service)) (=> (in-group s) (snapped@6 s))))
; 7. disaster: then: logged
(assert (forall ((x0 Event))
          (=
            (logged@7 x0)
            (or (and (in-group (at x0)) (backed@6 x0)) (and (not (in-group (at x0))) (logged@6 x0))))))
; 7. disaster: then: backed
(assert (forall ((x0 Event)) (= (backed@7 x0) (backed@6 x0))))
; 7. disaster: then: snapped
(assert (forall ((x0 Service)) (= (snapped@7 x0) (snapped@6 x0))))
; 7. disaster: then: locked
(assert (= locked@7 false))
; 7. disaster: then: recovered
(assert (= recovered@7 true))
; at the end
(assert (exists ((e Event) (f Event))
          (and
            (in-group (at e))
            (in-group (at f))
            (= (of e) (of f))
            (logged@7 e)
            (and recovered@7 (logged@6 f) (not (logged@7 f))))))
(check-sat)
