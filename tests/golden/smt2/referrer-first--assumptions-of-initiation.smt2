; assumptions of initiation: what 'initiation' assumes can be true
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
(check-sat)
