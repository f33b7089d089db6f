; all or none is consistent: every anomaly is half an interaction
; expected: unsat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Interaction 0)
(declare-fun refers (Event Event) Bool)
(declare-fun of (Event) Interaction)
(declare-fun in-cut (Event) Bool)
; assumption: links stay within interactions
(assert (forall ((e Event) (f Event)) (=> (refers e f) (= (of e) (of f)))))
; proved above: all events of an interaction are in the cut or none
(assert (not (exists ((e Event) (f Event)) (and (= (of e) (of f)) (in-cut e) (not (in-cut f))))))
; a broken link, an orphan, or missing state
(assert (or
          (exists ((e Event) (f Event)) (and (refers e f) (in-cut e) (not (in-cut f))))
          (exists ((e Event) (f Event))
            (and (refers e f) (= (of e) (of f)) (in-cut f) (not (in-cut e))))
          (exists ((e Event) (f Event)) (and (= (of e) (of f)) (in-cut e) (not (in-cut f))))))
(check-sat)
