; safety a link is broken on a cycle: the service of a cycle that was snapshotted last has a link to what another backup lacks
; expected: unsat
(set-logic UF)
(declare-sort Service 0)
(declare-sort Round 0)
(declare-fun snapped@0 (Service) Bool)
(declare-fun run@0 (Round) Bool)
(declare-fun has@0 (Service Round) Bool)
(declare-fun older@0 (Service Service) Bool)
(declare-fun on-the-cycle (Service) Bool)
(declare-fun last () Service)
(declare-fun next () Service)
; invariant: every snapshot was answered
(assert (forall ((s Service))
          (=> (snapped@0 s) (exists ((r Round)) (and (run@0 r) (not (has@0 s r)))))))
; invariant: the older backup lacks what the newer has
(assert (forall ((s Service) (t Service))
          (=> (older@0 s t) (exists ((r Round)) (and (has@0 t r) (not (has@0 s r)))))))
; invariant: one of two is older
(assert (forall ((s Service) (t Service))
          (=> (and (snapped@0 s) (snapped@0 t) (not (= s t))) (or (older@0 s t) (older@0 t s)))))
; invariant: age is transitive
(assert (forall ((s Service) (t Service) (u Service))
          (=> (and (older@0 s t) (older@0 t u)) (older@0 s u))))
; invariant: only backups have ages
(assert (forall ((s Service) (t Service))
          (=> (older@0 s t) (and (snapped@0 s) (snapped@0 t) (not (= s t))))))
; finitely many services are on the cycle, so one of them was snapshotted last
(assert (on-the-cycle last))
; that is, every other backup of them is older
(assert (forall ((s Service)) (=> (on-the-cycle s) (or (= s last) (older@0 s last)))))
; it refers to another one of them
(assert (and (on-the-cycle next) (not (= next last))))
; not: a link from it to that one is broken
(assert (not (exists ((r Round)) (and (has@0 last r) (not (has@0 next r))))))
(check-sat)
