; assumptions of consecution disaster: what 'consecution disaster' assumes can be true
; expected: sat
(set-logic UF)
(declare-sort Event 0)
(declare-sort Interaction 0)
(declare-sort Service 0)
(declare-fun requires (Event Event) Bool)
(declare-fun refers (Event Event) Bool)
(declare-fun of (Event) Interaction)
(declare-fun in-group (Service) Bool)
(declare-fun at (Event) Service)
(declare-fun logged@0 (Event) Bool)
(declare-fun recovered@0 () Bool)
(declare-fun backed@0 (Event) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun logged@1 (Event) Bool)
(declare-fun backed@1 (Event) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun recovered@1 () Bool)
; assumption: nothing requires or refers to itself
(assert (forall ((e Event) (f Event))
          (and (=> (requires e f) (not (requires f e))) (=> (refers e f) (not (refers f e))))))
; assumption: a link is made to what exists or to what its interaction creates
(assert (forall ((e Event) (f Event)) (=> (refers e f) (or (requires e f) (= (of e) (of f))))))
; before: interactions are logged all or none
(assert (forall ((e Event) (f Event))
          (=>
            (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (logged@0 e))
            (logged@0 f))))
; before: interactions are backed up all or none
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event))
            (=>
              (and (and (in-group (at e)) (in-group (at f)) (= (of e) (of f))) (backed@0 e))
              (backed@0 f)))))
; before: links are logged with their targets
(assert (forall ((e Event) (f Event))
          (=>
            (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (logged@0 e))
            (logged@0 f))))
; before: links are backed up with their targets
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event))
            (=>
              (and (and (in-group (at e)) (in-group (at f)) (refers e f)) (backed@0 e))
              (backed@0 f)))))
; 1. disaster: before the disaster
(assert (not recovered@0))
; 1. disaster: the group has a backup
(assert (forall ((s Service)) (=> (in-group s) (snapped@0 s))))
; 1. disaster: then: logged
(assert (forall ((x0 Event))
          (=
            (logged@1 x0)
            (or (and (in-group (at x0)) (backed@0 x0)) (and (not (in-group (at x0))) (logged@0 x0))))))
; 1. disaster: then: backed
(assert (forall ((x0 Event)) (= (backed@1 x0) (backed@0 x0))))
; 1. disaster: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (snapped@0 x0))))
; 1. disaster: then: recovered
(assert (= recovered@1 true))
(check-sat)
