; assumptions of all or none is consistent: what 'all or none is consistent' assumes can be true
; expected: sat
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
(check-sat)
