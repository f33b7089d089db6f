; backed up events are lost: an event between the oldest backup and its service's own is in a backup, and recovery drops it
; expected: sat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Service 0)
(declare-fun requires (Event Event) Bool)
(declare-fun refers (Event Event) Bool)
(declare-fun in-group (Service) Bool)
(declare-fun logged@0 (Event) Bool)
(declare-fun backed@0 (Event) Bool)
(declare-fun oldest@0 (Event) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun recovered@0 () Bool)
(declare-fun service!1 () Service)
(declare-fun logged@1 (Event) Bool)
(declare-fun backed@1 (Event) Bool)
(declare-fun at (Event) Service)
(declare-fun oldest@1 (Event) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun recovered@1 () Bool)
(declare-fun event!2 () Event)
(declare-fun logged@2 (Event) Bool)
(declare-fun backed@2 (Event) Bool)
(declare-fun oldest@2 (Event) Bool)
(declare-fun snapped@2 (Service) Bool)
(declare-fun recovered@2 () Bool)
(declare-fun service!3 () Service)
(declare-fun logged@3 (Event) Bool)
(declare-fun backed@3 (Event) Bool)
(declare-fun oldest@3 (Event) Bool)
(declare-fun snapped@3 (Service) Bool)
(declare-fun recovered@3 () Bool)
(declare-fun logged@4 (Event) Bool)
(declare-fun backed@4 (Event) Bool)
(declare-fun oldest@4 (Event) Bool)
(declare-fun snapped@4 (Service) Bool)
(declare-fun recovered@4 () Bool)
; assumption: nothing requires or refers to itself
(assert (forall ((e Event) (f Event))
          (and (=> (requires e f) (not (requires f e))) (=> (refers e f) (not (refers f e))))))
; assumption: a link is made to what exists
(assert (forall ((e Event) (f Event)) (=> (refers e f) (requires e f))))
; assumption: every service is in the group
(assert (forall ((s Service)) (in-group s)))
; at first: nothing is logged
(assert (forall ((x0 Event)) (not (logged@0 x0))))
; at first: nothing is backed
(assert (forall ((x0 Event)) (not (backed@0 x0))))
; at first: nothing is oldest
(assert (forall ((x0 Event)) (not (oldest@0 x0))))
; at first: nothing is snapped
(assert (forall ((x0 Service)) (not (snapped@0 x0))))
; at first: nothing is recovered
(assert (not recovered@0))
; 1. first snapshot: before the disaster
(assert (not recovered@0))
; 1. first snapshot: it has no backup yet
(assert (not (snapped@0 service!1)))
; 1. first snapshot: nothing is snapped
(assert (forall ((s Service)) (not (snapped@0 s))))
; 1. first snapshot: then: logged
(assert (forall ((x0 Event)) (= (logged@1 x0) (logged@0 x0))))
; 1. first snapshot: then: backed
(assert (forall ((x0 Event))
          (=
            (backed@1 x0)
            (or
              (and (= (at x0) service!1) (logged@0 x0))
              (and (not (= (at x0) service!1)) (backed@0 x0))))))
; 1. first snapshot: then: oldest
(assert (forall ((x0 Event)) (= (oldest@1 x0) (logged@0 x0))))
; 1. first snapshot: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (or (snapped@0 x0) (= x0 service!1)))))
; 1. first snapshot: then: recovered
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
; 2. step: then: oldest
(assert (forall ((x0 Event)) (= (oldest@2 x0) (oldest@1 x0))))
; 2. step: then: snapped
(assert (forall ((x0 Service)) (= (snapped@2 x0) (snapped@1 x0))))
; 2. step: then: recovered
(assert (= recovered@2 recovered@1))
; 3. snapshot: before the disaster
(assert (not recovered@2))
; 3. snapshot: it has no backup yet
(assert (not (snapped@2 service!3)))
; 3. snapshot: something is snapped
(assert (exists ((s Service)) (snapped@2 s)))
; 3. snapshot: then: logged
(assert (forall ((x0 Event)) (= (logged@3 x0) (logged@2 x0))))
; 3. snapshot: then: backed
(assert (forall ((x0 Event))
          (=
            (backed@3 x0)
            (or
              (and (= (at x0) service!3) (logged@2 x0))
              (and (not (= (at x0) service!3)) (backed@2 x0))))))
; 3. snapshot: then: oldest
(assert (forall ((x0 Event)) (= (oldest@3 x0) (oldest@2 x0))))
; 3. snapshot: then: snapped
(assert (forall ((x0 Service)) (= (snapped@3 x0) (or (snapped@2 x0) (= x0 service!3)))))
; 3. snapshot: then: recovered
(assert (= recovered@3 recovered@2))
; 4. disaster: before the disaster
(assert (not recovered@3))
; 4. disaster: everything has a backup
(assert (forall ((s Service)) (snapped@3 s)))
; 4. disaster: then: logged
(assert (forall ((x0 Event)) (= (logged@4 x0) (oldest@3 x0))))
; 4. disaster: then: backed
(assert (forall ((x0 Event)) (= (backed@4 x0) (backed@3 x0))))
; 4. disaster: then: oldest
(assert (forall ((x0 Event)) (= (oldest@4 x0) (oldest@3 x0))))
; 4. disaster: then: snapped
(assert (forall ((x0 Service)) (= (snapped@4 x0) (snapped@3 x0))))
; 4. disaster: then: recovered
(assert (= recovered@4 true))
; at the end
(assert (and recovered@4 (exists ((e Event)) (and (backed@4 e) (not (logged@4 e))))))
(check-sat)
