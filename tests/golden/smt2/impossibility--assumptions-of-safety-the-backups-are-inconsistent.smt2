; assumptions of safety the backups are inconsistent: what 'safety the backups are inconsistent' assumes can be true
; expected: sat
(set-logic UF)
(declare-sort Service 0)
(declare-sort Round 0)
(declare-fun share (Service Service) Bool)
(declare-fun snapped@0 (Service) Bool)
(declare-fun run@0 (Round) Bool)
(declare-fun has@0 (Service Round) Bool)
(declare-fun older@0 (Service Service) Bool)
; assumption: two services share a use case, not one
(assert (forall ((s Service)) (not (share s s))))
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
(check-sat)
