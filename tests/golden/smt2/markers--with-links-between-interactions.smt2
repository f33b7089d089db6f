; with links between interactions: a link to what another interaction created can break, because no message goes along with it
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
(declare-fun service!1 () Service)
(declare-fun logged@1 (Event) Bool)
(declare-fun backed@1 (Event) Bool)
(declare-fun at (Event) Service)
(declare-fun snapped@1 (Service) Bool)
(declare-fun pending@1 (Event Event) Bool)
(declare-fun recovered@1 () Bool)
(declare-fun event!2 () Event)
(declare-fun logged@2 (Event) Bool)
(declare-fun backed@2 (Event) Bool)
(declare-fun snapped@2 (Service) Bool)
(declare-fun pending@2 (Event Event) Bool)
(declare-fun recovered@2 () Bool)
(declare-fun event!3 () Event)
(declare-fun logged@3 (Event) Bool)
(declare-fun backed@3 (Event) Bool)
(declare-fun snapped@3 (Service) Bool)
(declare-fun pending@3 (Event Event) Bool)
(declare-fun recovered@3 () Bool)
(declare-fun service!4 () Service)
(declare-fun logged@4 (Event) Bool)
(declare-fun backed@4 (Event) Bool)
(declare-fun snapped@4 (Service) Bool)
(declare-fun pending@4 (Event Event) Bool)
(declare-fun recovered@4 () Bool)
(declare-fun logged@5 (Event) Bool)
(declare-fun backed@5 (Event) Bool)
(declare-fun snapped@5 (Service) Bool)
(declare-fun pending@5 (Event Event) Bool)
(declare-fun recovered@5 () Bool)
(declare-fun refers (Event Event) Bool)
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
; 1. snapshot: before the disaster
(assert (not recovered@0))
; 1. snapshot: it has no backup yet
(assert (not (snapped@0 service!1)))
; 1. snapshot: then: logged
(assert (forall ((x0 Event)) (= (logged@1 x0) (logged@0 x0))))
; 1. snapshot: then: backed
(assert (forall ((x0 Event))
          (=
            (backed@1 x0)
            (or
              (and (= (at x0) service!1) (logged@0 x0))
              (and (not (= (at x0) service!1)) (backed@0 x0))))))
; 1. snapshot: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (or (snapped@0 x0) (= x0 service!1)))))
; 1. snapshot: then: pending
(assert (forall ((x0 Event) (x1 Event)) (= (pending@1 x0 x1) (pending@0 x0 x1))))
; 1. snapshot: then: recovered
(assert (= recovered@1 recovered@0))
; 2. command: before the disaster
(assert (not recovered@1))
; 2. command: it is new
(assert (not (logged@1 event!2)))
; 2. command: it is a first step
(assert (forall ((f Event)) (not (brought-about-by event!2 f))))
; 2. command: then: logged
(assert (forall ((x0 Event)) (= (logged@2 x0) (or (logged@1 x0) (= x0 event!2)))))
; 2. command: then: backed
(assert (forall ((x0 Event)) (= (backed@2 x0) (backed@1 x0))))
; 2. command: then: snapped
(assert (forall ((x0 Service)) (= (snapped@2 x0) (snapped@1 x0))))
; 2. command: then: pending
(assert (forall ((x0 Event) (x1 Event))
          (= (pending@2 x0 x1) (or (pending@1 x0 x1) (and (= x1 event!2) (brought-about-by x0 x1))))))
; 2. command: then: recovered
(assert (= recovered@2 recovered@1))
; 3. command: before the disaster
(assert (not recovered@2))
; 3. command: it is new
(assert (not (logged@2 event!3)))
; 3. command: it is a first step
(assert (forall ((f Event)) (not (brought-about-by event!3 f))))
; 3. command: then: logged
(assert (forall ((x0 Event)) (= (logged@3 x0) (or (logged@2 x0) (= x0 event!3)))))
; 3. command: then: backed
(assert (forall ((x0 Event)) (= (backed@3 x0) (backed@2 x0))))
; 3. command: then: snapped
(assert (forall ((x0 Service)) (= (snapped@3 x0) (snapped@2 x0))))
; 3. command: then: pending
(assert (forall ((x0 Event) (x1 Event))
          (= (pending@3 x0 x1) (or (pending@2 x0 x1) (and (= x1 event!3) (brought-about-by x0 x1))))))
; 3. command: then: recovered
(assert (= recovered@3 recovered@2))
; 4. snapshot: before the disaster
(assert (not recovered@3))
; 4. snapshot: it has no backup yet
(assert (not (snapped@3 service!4)))
; 4. snapshot: then: logged
(assert (forall ((x0 Event)) (= (logged@4 x0) (logged@3 x0))))
; 4. snapshot: then: backed
(assert (forall ((x0 Event))
          (=
            (backed@4 x0)
            (or
              (and (= (at x0) service!4) (logged@3 x0))
              (and (not (= (at x0) service!4)) (backed@3 x0))))))
; 4. snapshot: then: snapped
(assert (forall ((x0 Service)) (= (snapped@4 x0) (or (snapped@3 x0) (= x0 service!4)))))
; 4. snapshot: then: pending
(assert (forall ((x0 Event) (x1 Event)) (= (pending@4 x0 x1) (pending@3 x0 x1))))
; 4. snapshot: then: recovered
(assert (= recovered@4 recovered@3))
; 5. disaster: before the disaster
(assert (not recovered@4))
; 5. disaster: everything has a backup
(assert (forall ((s Service)) (snapped@4 s)))
; 5. disaster: then: logged
(assert (forall ((x0 Event)) (= (logged@5 x0) (backed@4 x0))))
; 5. disaster: then: backed
(assert (forall ((x0 Event)) (= (backed@5 x0) (backed@4 x0))))
; 5. disaster: then: snapped
(assert (forall ((x0 Service)) (= (snapped@5 x0) (snapped@4 x0))))
; 5. disaster: then: pending
(assert (forall ((x0 Event) (x1 Event))
          (= (pending@5 x0 x1) (and (brought-about-by x0 x1) (backed@4 x1)))))
; 5. disaster: then: recovered
(assert (= recovered@5 true))
; at the end
(assert (exists ((e Event) (f Event))
          (and (refers e f) (logged@5 e) (and recovered@5 (logged@4 f) (not (logged@5 f))))))
(check-sat)
