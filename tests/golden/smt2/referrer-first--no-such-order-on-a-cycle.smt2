; no such order on a cycle: some service on the cycle comes first, and none can
; expected: unsat
(set-logic UF)
(declare-sort Service 0)
(declare-sort Event 0)
(declare-fun earlier (Service Service) Bool)
(declare-fun refers (Event Event) Bool)
(declare-fun at (Event) Service)
(declare-fun on-the-cycle (Service) Bool)
(declare-fun first () Service)
; assumption: the order is irreflexive
(assert (forall ((s Service)) (not (earlier s s))))
; assumption: the order is transitive
(assert (forall ((s Service) (t Service) (u Service))
          (=> (and (earlier s t) (earlier t u)) (earlier s u))))
; assumption: the holder's service comes first
(assert (forall ((e Event) (f Event))
          (=> (refers e f) (or (= (at e) (at f)) (earlier (at e) (at f))))))
; finitely many services are on the cycle, so one of them is a first
(assert (on-the-cycle first))
; that is, none of them is earlier
(assert (forall ((s Service)) (=> (on-the-cycle s) (not (earlier s first)))))
; another one of them refers to it
(assert (exists ((e Event) (f Event))
          (and (on-the-cycle (at e)) (not (= (at e) (at f))) (refers e f) (= (at f) first))))
(check-sat)
