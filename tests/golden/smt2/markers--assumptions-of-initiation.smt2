; assumptions of initiation: what 'initiation' assumes can be true
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
(check-sat)
