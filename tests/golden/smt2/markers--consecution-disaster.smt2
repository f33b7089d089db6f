; consecution disaster: if the invariant is true, it still is when disaster strikes, every log is replaced by its backup, and messages that backups show as sent wait again
; expected: unsat
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
; 1. disaster: before the disaster
(assert (not recovered@0))
; 1. disaster: everything has a backup
(assert (forall ((s Service)) (snapped@0 s)))
; 1. disaster: then: logged
(assert (forall ((x0 Event)) (= (logged@1 x0) (backed@0 x0))))
; 1. disaster: then: backed
(assert (forall ((x0 Event)) (= (backed@1 x0) (backed@0 x0))))
; 1. disaster: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (snapped@0 x0))))
; 1. disaster: then: pending
(assert (forall ((x0 Event) (x1 Event))
          (= (pending@1 x0 x1) (and (brought-about-by x0 x1) (backed@0 x1)))))
; 1. disaster: then: recovered
(assert (= recovered@1 true))
; after: the invariant fails
(assert (not
          (and
            (forall ((e Event) (f Event))
              (=> (and (brought-about-by e f) (logged@1 e)) (logged@1 f)))
            (forall ((e Event) (f Event))
              (=> (pending@1 e f) (and (brought-about-by e f) (logged@1 f))))
            (=> (not recovered@1) (forall ((e Event)) (=> (backed@1 e) (logged@1 e))))
            (forall ((e Event)) (=> (backed@1 e) (snapped@1 (at e))))
            (=>
              (not recovered@1)
              (forall ((e Event) (f Event))
                (=>
                  (and (brought-about-by e f) (logged@1 e) (snapped@1 (at f)) (not (backed@1 f)))
                  (and (snapped@1 (at e)) (not (backed@1 e))))))
            (=>
              recovered@1
              (forall ((e Event) (f Event))
                (=> (and (brought-about-by e f) (logged@1 f) (not (logged@1 e))) (pending@1 e f)))))))
(check-sat)
