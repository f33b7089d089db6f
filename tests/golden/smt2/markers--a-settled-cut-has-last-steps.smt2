; a settled cut has last steps: the earliest lacking event lacks a cause
; expected: unsat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Interaction 0)
(declare-fun brought-about-by (Event Event) Bool)
(declare-fun of (Event) Interaction)
(declare-fun earlier (Event Event) Bool)
(declare-fun first () Event)
(declare-fun example () Event)
(declare-fun in-cut (Event) Bool)
; assumption: messages stay within interactions
(assert (forall ((e Event) (f Event)) (=> (brought-about-by e f) (= (of e) (of f)))))
; assumption: causes are earlier
(assert (forall ((e Event) (f Event)) (=> (brought-about-by e f) (earlier f e))))
; the first step of the example's interaction
(assert (= (of first) (of example)))
; assumption: every other step of it is brought about by a message
(assert (=> (not (= example first)) (exists ((f Event)) (brought-about-by example f))))
; proved above: no event without its causes
(assert (forall ((e Event) (f Event)) (=> (and (brought-about-by e f) (in-cut e)) (in-cut f))))
; proved above: what lacks no cause can be delivered, and recovery has settled
(assert (=> (forall ((f Event)) (=> (brought-about-by example f) (in-cut f))) (in-cut example)))
; the first step is in the cut, and the example is not
(assert (and (in-cut first) (not (in-cut example))))
; its steps are finitely many: it is the earliest
(assert (forall ((e Event)) (=> (and (earlier e example) (= (of e) (of example))) (in-cut e))))
(check-sat)
