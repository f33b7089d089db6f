; assumptions of consecution deliver: what 'consecution deliver' assumes can be true
; expected: sat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Interaction 0)
(declare-sort Service 0)
(declare-fun brought-about-by (Event Event) Bool)
(declare-fun of (Event) Interaction)
(declare-fun logged@0 (Event) Bool)
(declare-fun pending@0 (Event Event) Bool)
(declare-fun recovered@0 () Bool)
(declare-fun backed@0 (Event) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun at (Event) Service)
(declare-fun event!1 () Event)
(declare-fun logged@1 (Event) Bool)
(declare-fun backed@1 (Event) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun pending@1 (Event Event) Bool)
(declare-fun recovered@1 () Bool)
; assumption: messages stay within interactions
(assert (forall ((e Event) (f Event)) (=> (brought-about-by e f) (= (of e) (of f)))))
; before: what is logged has its causes
(assert (forall ((e Event) (f Event)) (=> (and (brought-about-by e f) (logged@0 e)) (logged@0 f))))
; before: what waits was sent
(assert (forall ((e Event) (f Event))
          (=> (pending@0 e f) (and (brought-about-by e f) (logged@0 f)))))
; before: what is backed up is logged
(assert (=> (not recovered@0) (forall ((e Event)) (=> (backed@0 e) (logged@0 e)))))
; before: only a snapshot backs up
(assert (forall ((e Event)) (=> (backed@0 e) (snapped@0 (at e)))))
; before: markers come first
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event))
            (=>
              (and (brought-about-by e f) (logged@0 e) (snapped@0 (at f)) (not (backed@0 f)))
              (and (snapped@0 (at e)) (not (backed@0 e)))))))
; before: what was sent waits
(assert (=>
          recovered@0
          (forall ((e Event) (f Event))
            (=> (and (brought-about-by e f) (logged@0 f) (not (logged@0 e))) (pending@0 e f)))))
; 1. deliver: after the disaster
(assert recovered@0)
; 1. deliver: it is new
(assert (not (logged@0 event!1)))
; 1. deliver: it has a message
(assert (exists ((f Event)) (brought-about-by event!1 f)))
; 1. deliver: all its messages wait
(assert (forall ((f Event)) (=> (brought-about-by event!1 f) (pending@0 event!1 f))))
; 1. deliver: then: logged
(assert (forall ((x0 Event)) (= (logged@1 x0) (or (logged@0 x0) (= x0 event!1)))))
; 1. deliver: then: backed
(assert (forall ((x0 Event)) (= (backed@1 x0) (backed@0 x0))))
; 1. deliver: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (snapped@0 x0))))
; 1. deliver: then: pending
(assert (forall ((x0 Event) (x1 Event))
          (=
            (pending@1 x0 x1)
            (or
              (and (pending@0 x0 x1) (not (= x0 event!1)))
              (and (= x1 event!1) (brought-about-by x0 x1))))))
; 1. deliver: then: recovered
(assert (= recovered@1 recovered@0))
(check-sat)
