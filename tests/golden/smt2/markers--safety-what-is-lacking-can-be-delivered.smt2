; safety what is lacking can be delivered: the invariant implies: what is lacking can be delivered
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
; assumption: messages stay within interactions
(assert (forall ((e Event) (f Event)) (=> (brought-about-by e f) (= (of e) (of f)))))
; invariant: what is logged has its causes
(assert (forall ((e Event) (f Event)) (=> (and (brought-about-by e f) (logged@0 e)) (logged@0 f))))
; invariant: what waits was sent
(assert (forall ((e Event) (f Event))
          (=> (pending@0 e f) (and (brought-about-by e f) (logged@0 f)))))
; invariant: what is backed up is logged
(assert (=> (not recovered@0) (forall ((e Event)) (=> (backed@0 e) (logged@0 e)))))
; invariant: only a snapshot backs up
(assert (forall ((e Event)) (=> (backed@0 e) (snapped@0 (at e)))))
; invariant: markers come first
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event))
            (=>
              (and (brought-about-by e f) (logged@0 e) (snapped@0 (at f)) (not (backed@0 f)))
              (and (snapped@0 (at e)) (not (backed@0 e)))))))
; invariant: what was sent waits
(assert (=>
          recovered@0
          (forall ((e Event) (f Event))
            (=> (and (brought-about-by e f) (logged@0 f) (not (logged@0 e))) (pending@0 e f)))))
; not: what is lacking can be delivered
(assert (not
          (=>
            recovered@0
            (forall ((e Event))
              (=>
                (and
                  (not (forall ((f Event)) (not (brought-about-by e f))))
                  (not (logged@0 e))
                  (forall ((f Event)) (=> (brought-about-by e f) (logged@0 f))))
                (forall ((f Event)) (=> (brought-about-by e f) (pending@0 e f))))))))
(check-sat)
