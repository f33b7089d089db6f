; without recorded channels: if channels are not recorded, what was in them is missing for ever
; expected: sat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Interaction 0)
(declare-sort Service 0)
(declare-fun brought-about-by (Event Event) Bool)
(declare-fun of (Event) Interaction)
(declare-fun logged@0 (Event) Bool)
(declare-fun backed@0 (Event) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun pending@0 (Event Event) Bool)
(declare-fun recovered@0 () Bool)
(declare-fun event!1 () Event)
(declare-fun logged@1 (Event) Bool)
(declare-fun backed@1 (Event) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun pending@1 (Event Event) Bool)
(declare-fun recovered@1 () Bool)
(declare-fun service!2 () Service)
(declare-fun logged@2 (Event) Bool)
(declare-fun backed@2 (Event) Bool)
(declare-fun at (Event) Service)
(declare-fun snapped@2 (Service) Bool)
(declare-fun pending@2 (Event Event) Bool)
(declare-fun recovered@2 () Bool)
(declare-fun service!3 () Service)
(declare-fun logged@3 (Event) Bool)
(declare-fun backed@3 (Event) Bool)
(declare-fun snapped@3 (Service) Bool)
(declare-fun pending@3 (Event Event) Bool)
(declare-fun recovered@3 () Bool)
(declare-fun logged@4 (Event) Bool)
(declare-fun backed@4 (Event) Bool)
(declare-fun snapped@4 (Service) Bool)
(declare-fun pending@4 (Event Event) Bool)
(declare-fun recovered@4 () Bool)
; assumption: messages stay within interactions
(assert (forall ((e Event) (f Event)) (=> (brought-about-by e f) (= (of e) (of f)))))
; at first: nothing is logged
(assert (forall ((x0 Event)) (not (logged@0 x0))))
; at first: nothing is backed
(assert (forall ((x0 Event)) (not (backed@0 x0))))
; at first: nothing is snapped
(assert (forall ((x0 Service)) (not (snapped@0 x0))))
; at first: nothing is pending
(assert (forall ((x0 Event) (x1 Event)) (not (pending@0 x0 x1))))
; at first: nothing is recovered
(assert (not recovered@0))
; 1. command: before the disaster
(assert (not recovered@0))
; 1. command: it is new
(assert (not (logged@0 event!1)))
; 1. command: it is a first step
(assert (forall ((f Event)) (not (brought-about-by event!1 f))))
; 1. command: then: logged
(assert (forall ((x0 Event)) (= (logged@1 x0) (or (logged@0 x0) (= x0 event!1)))))
; 1. command: then: backed
(assert (forall ((x0 Event)) (= (backed@1 x0) (backed@0 x0))))
; 1. command: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (snapped@0 x0))))
; 1. command: then: pending
(assert (forall ((x0 Event) (x1 Event))
          (= (pending@1 x0 x1) (or (pending@0 x0 x1) (and (= x1 event!1) (brought-about-by x0 x1))))))
; 1. command: then: recovered
(assert (= recovered@1 recovered@0))
; 2. snapshot: before the disaster
(assert (not recovered@1))
; 2. snapshot: it has no backup yet
(assert (not (snapped@1 service!2)))
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
; 2. snapshot: then: pending
(assert (forall ((x0 Event) (x1 Event)) (= (pending@2 x0 x1) (pending@1 x0 x1))))
; 2. snapshot: then: recovered
(assert (= recovered@2 recovered@1))
; 3. snapshot: before the disaster
(assert (not recovered@2))
; 3. snapshot: it has no backup yet
(assert (not (snapped@2 service!3)))
; 3. snapshot: then: logged
(assert (forall ((x0 Event)) (= (logged@3 x0) (logged@2 x0))))
; 3. snapshot: then: backed
(assert (forall ((x0 Event))
          (=
            (backed@3 x0)
            (or
              (and (= (at x0) service!3) (logged@2 x0))
              (and (not (= (at x0) service!3)) (backed@2 x0))))))
; 3. snapshot: then: snapped
(assert (forall ((x0 Service)) (= (snapped@3 x0) (or (snapped@2 x0) (= x0 service!3)))))
; 3. snapshot: then: pending
(assert (forall ((x0 Event) (x1 Event)) (= (pending@3 x0 x1) (pending@2 x0 x1))))
; 3. snapshot: then: recovered
(assert (= recovered@3 recovered@2))
; 4. disaster: before the disaster
(assert (not recovered@3))
; 4. disaster: everything has a backup
(assert (forall ((s Service)) (snapped@3 s)))
; 4. disaster: then: logged
(assert (forall ((x0 Event)) (= (logged@4 x0) (backed@3 x0))))
; 4. disaster: then: backed
(assert (forall ((x0 Event)) (= (backed@4 x0) (backed@3 x0))))
; 4. disaster: then: snapped
(assert (forall ((x0 Service)) (= (snapped@4 x0) (snapped@3 x0))))
; 4. disaster: then: pending
(assert (forall ((x0 Event) (x1 Event)) (= (pending@4 x0 x1) false)))
; 4. disaster: then: recovered
(assert (= recovered@4 true))
; at the end
(assert (and
          recovered@4
          (exists ((e Event))
            (and
              (and
                (not (forall ((f Event)) (not (brought-about-by e f))))
                (not (logged@4 e))
                (forall ((f Event)) (=> (brought-about-by e f) (logged@4 f))))
              (not (forall ((f Event)) (=> (brought-about-by e f) (pending@4 e f))))))))
(check-sat)
