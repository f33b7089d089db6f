; the assumptions can be met: backups are taken in order, and recovery keeps a link between two services and loses a later event
; expected: sat
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
(declare-fun event!1 () Event)
(declare-fun logged@1 (Event) Bool)
(declare-fun backed@1 (Event) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun recovered@1 () Bool)
(declare-fun event!2 () Event)
(declare-fun logged@2 (Event) Bool)
(declare-fun backed@2 (Event) Bool)
(declare-fun snapped@2 (Service) Bool)
(declare-fun recovered@2 () Bool)
(declare-fun service!3 () Service)
(declare-fun logged@3 (Event) Bool)
(declare-fun backed@3 (Event) Bool)
(declare-fun snapped@3 (Service) Bool)
(declare-fun recovered@3 () Bool)
(declare-fun service!4 () Service)
(declare-fun logged@4 (Event) Bool)
(declare-fun backed@4 (Event) Bool)
(declare-fun snapped@4 (Service) Bool)
(declare-fun recovered@4 () Bool)
(declare-fun event!5 () Event)
(declare-fun logged@5 (Event) Bool)
(declare-fun backed@5 (Event) Bool)
(declare-fun snapped@5 (Service) Bool)
(declare-fun recovered@5 () Bool)
(declare-fun logged@6 (Event) Bool)
(declare-fun backed@6 (Event) Bool)
(declare-fun snapped@6 (Service) Bool)
(declare-fun recovered@6 () Bool)
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
; at first: nothing is logged
(assert (forall ((x0 Event)) (not (logged@0 x0))))
; at first: nothing is backed
(assert (forall ((x0 Event)) (not (backed@0 x0))))
; at first: nothing is snapped
(assert (forall ((x0 Service)) (not (snapped@0 x0))))
; at first: nothing is recovered
(assert (not recovered@0))
; 1. step: before the disaster
(assert (not recovered@0))
; 1. step: it is new
(assert (not (logged@0 event!1)))
; 1. step: it has what it requires
(assert (forall ((f Event)) (=> (requires event!1 f) (logged@0 f))))
; 1. step: then: logged
(assert (forall ((x0 Event)) (= (logged@1 x0) (or (logged@0 x0) (= x0 event!1)))))
; 1. step: then: backed
(assert (forall ((x0 Event)) (= (backed@1 x0) (backed@0 x0))))
; 1. step: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (snapped@0 x0))))
; 1. step: then: recovered
(assert (= recovered@1 recovered@0))
; 2. step: before the disaster
(assert (not recovered@1))
; 2. step: it is new
(assert (not (logged@1 event!2)))
; 2. step: it has what it requires
(assert (forall ((f Event)) (=> (requires event!2 f) (logged@1 f))))
; 2. step: then: logged
(assert (forall ((x0 Event)) (= (logged@2 x0) (or (logged@1 x0) (= x0 event!2)))))
; 2. step: then: backed
(assert (forall ((x0 Event)) (= (backed@2 x0) (backed@1 x0))))
; 2. step: then: snapped
(assert (forall ((x0 Service)) (= (snapped@2 x0) (snapped@1 x0))))
; 2. step: then: recovered
(assert (= recovered@2 recovered@1))
; 3. snapshot: before the disaster
(assert (not recovered@2))
; 3. snapshot: it has no backup yet
(assert (not (snapped@2 service!3)))
; 3. snapshot: those before are snapped
(assert (forall ((s Service)) (=> (earlier s service!3) (snapped@2 s))))
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
; 3. snapshot: then: recovered
(assert (= recovered@3 recovered@2))
; 4. snapshot: before the disaster
(assert (not recovered@3))
; 4. snapshot: it has no backup yet
(assert (not (snapped@3 service!4)))
; 4. snapshot: those before are snapped
(assert (forall ((s Service)) (=> (earlier s service!4) (snapped@3 s))))
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
; 4. snapshot: then: recovered
(assert (= recovered@4 recovered@3))
; 5. step: before the disaster
(assert (not recovered@4))
; 5. step: it is new
(assert (not (logged@4 event!5)))
; 5. step: it has what it requires
(assert (forall ((f Event)) (=> (requires event!5 f) (logged@4 f))))
; 5. step: then: logged
(assert (forall ((x0 Event)) (= (logged@5 x0) (or (logged@4 x0) (= x0 event!5)))))
; 5. step: then: backed
(assert (forall ((x0 Event)) (= (backed@5 x0) (backed@4 x0))))
; 5. step: then: snapped
(assert (forall ((x0 Service)) (= (snapped@5 x0) (snapped@4 x0))))
; 5. step: then: recovered
(assert (= recovered@5 recovered@4))
; 6. disaster: before the disaster
(assert (not recovered@5))
; 6. disaster: everything has a backup
(assert (forall ((s Service)) (snapped@5 s)))
; 6. disaster: then: logged
(assert (forall ((x0 Event)) (= (logged@6 x0) (backed@5 x0))))
; 6. disaster: then: backed
(assert (forall ((x0 Event)) (= (backed@6 x0) (backed@5 x0))))
; 6. disaster: then: snapped
(assert (forall ((x0 Service)) (= (snapped@6 x0) (snapped@5 x0))))
; 6. disaster: then: recovered
(assert (= recovered@6 true))
; at the end
(assert (and
          (exists ((e Event) (f Event)) (and (refers e f) (not (= (at e) (at f))) (logged@6 e)))
          (exists ((e Event)) (and recovered@6 (logged@5 e) (not (logged@6 e))))))
(check-sat)
