; the assumptions can be met: an event is lost that the backup of its cause shows as sent, and delivered again
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
(declare-fun event!4 () Event)
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
(declare-fun event!6 () Event)
(declare-fun logged@6 (Event) Bool)
(declare-fun backed@6 (Event) Bool)
(declare-fun snapped@6 (Service) Bool)
(declare-fun pending@6 (Event Event) Bool)
(declare-fun recovered@6 () Bool)
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
; 4. receive: before the disaster
(assert (not recovered@3))
; 4. receive: it is new
(assert (not (logged@3 event!4)))
; 4. receive: it has a message
(assert (exists ((f Event)) (brought-about-by event!4 f)))
; 4. receive: all its messages wait
(assert (forall ((f Event)) (=> (brought-about-by event!4 f) (pending@3 event!4 f))))
; 4. receive: the marker came first
(assert (forall ((f Event))
          (=>
            (and
              (brought-about-by event!4 f)
              (and (snapped@3 (at f)) (not (backed@3 f)) (not (= (at f) (at event!4)))))
            (snapped@3 (at event!4)))))
; 4. receive: then: logged
(assert (forall ((x0 Event)) (= (logged@4 x0) (or (logged@3 x0) (= x0 event!4)))))
; 4. receive: then: backed
(assert (forall ((x0 Event)) (= (backed@4 x0) (backed@3 x0))))
; 4. receive: then: snapped
(assert (forall ((x0 Service)) (= (snapped@4 x0) (snapped@3 x0))))
; 4. receive: then: pending
(assert (forall ((x0 Event) (x1 Event))
          (=
            (pending@4 x0 x1)
            (or
              (and (pending@3 x0 x1) (not (= x0 event!4)))
              (and (= x1 event!4) (brought-about-by x0 x1))))))
; 4. receive: then: recovered
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
; 6. deliver: after the disaster
(assert recovered@5)
; 6. deliver: it is new
(assert (not (logged@5 event!6)))
; 6. deliver: it has a message
(assert (exists ((f Event)) (brought-about-by event!6 f)))
; 6. deliver: all its messages wait
(assert (forall ((f Event)) (=> (brought-about-by event!6 f) (pending@5 event!6 f))))
; 6. deliver: then: logged
(assert (forall ((x0 Event)) (= (logged@6 x0) (or (logged@5 x0) (= x0 event!6)))))
; 6. deliver: then: backed
(assert (forall ((x0 Event)) (= (backed@6 x0) (backed@5 x0))))
; 6. deliver: then: snapped
(assert (forall ((x0 Service)) (= (snapped@6 x0) (snapped@5 x0))))
; 6. deliver: then: pending
(assert (forall ((x0 Event) (x1 Event))
          (=
            (pending@6 x0 x1)
            (or
              (and (pending@5 x0 x1) (not (= x0 event!6)))
              (and (= x1 event!6) (brought-about-by x0 x1))))))
; 6. deliver: then: recovered
(assert (= recovered@6 recovered@5))
; at the end
(assert (exists ((e Event) (f Event))
          (and
            (and (brought-about-by e f) (not (= (at e) (at f))) (logged@6 f))
            (logged@6 e)
            (and (logged@4 e) (not (logged@5 e))))))
(check-sat)
