; assumptions of consecution snapshot: what 'consecution snapshot' assumes can be true
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
(declare-fun service!1 () Service)
(declare-fun logged@1 (Event) Bool)
(declare-fun backed@1 (Event) Bool)
(declare-fun snapped@1 (Service) Bool)
(declare-fun recovered@1 () Bool)
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
; before: links are logged with their targets
(assert (forall ((e Event) (f Event)) (=> (and (refers e f) (logged@0 e)) (logged@0 f))))
; before: what is backed up is logged
(assert (forall ((e Event)) (=> (backed@0 e) (logged@0 e))))
; before: backups are taken in the order
(assert (forall ((s Service) (t Service)) (=> (and (earlier s t) (snapped@0 t)) (snapped@0 s))))
; before: a link is backed up with its target
(assert (=>
          (not recovered@0)
          (forall ((e Event) (f Event))
            (=> (and (refers e f) (backed@0 e) (snapped@0 (at f))) (backed@0 f)))))
; before: only a snapshot backs up
(assert (forall ((e Event)) (=> (backed@0 e) (snapped@0 (at e)))))
; 1. snapshot: before the disaster
(assert (not recovered@0))
; 1. snapshot: it has no backup yet
(assert (not (snapped@0 service!1)))
; 1. snapshot: those before are snapped
(assert (forall ((s Service)) (=> (earlier s service!1) (snapped@0 s))))
; 1. snapshot: then: logged
(assert (forall ((x0 Event)) (= (logged@1 x0) (logged@0 x0))))
; 1. snapshot: then: backed
(assert (forall ((x0 Event))
          (=
            (backed@1 x0)
            (or
              (and (= (at x0) service!1) (logged@0 x0))
              (and (not (= (at x0) service!1)) (backed@0 x0))))))
; 1. snapshot: then: snapped
(assert (forall ((x0 Service)) (= (snapped@1 x0) (or (snapped@0 x0) (= x0 service!1)))))
; 1. snapshot: then: recovered
(assert (= recovered@1 recovered@0))
(check-sat)
