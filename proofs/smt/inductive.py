"""That a property holds, without a bound on runs: an inductive invariant of a plan, as a certificate.

Source: docs/theorem.md, "Certificates".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bac.model.architecture import Architecture
from bac.model.extras import needed
from bac.model.plan import Plan
from bac.proofs.certificates.invariant_certificate import Invariant
from bac.proofs.smt.induction import Method, prove
from bac.properties.formula import TRUE
from bac.properties.qualities import Property


@dataclass(frozen=True)
class InductiveProof:
    """The invariant that proves a property of a plan, and how it was found."""

    invariant: Invariant
    method: Method


def prove_property(
    architecture: Architecture, plan: Plan, instances: int, which: Property, seconds: float
) -> InductiveProof | None:
    """An invariant that excludes every violation of a property, checked by both solvers; ``None`` if none was found.

    Raises:
        Contradiction: the solvers do not agree about an invariant.
        NotACertificate: the property is ``backup``, which says what stays possible, so that no invariant proves it.
        MissingExtra: cvc5 is not installed.
    """
    needed("cvc5", "prove", "an invariant that two solvers check")
    asked = Invariant(architecture, plan, instances, which, TRUE)
    proof = prove(asked.system, asked.bad, asked.in_cuts, seconds)
    return None if proof is None else InductiveProof(replace(asked, formula=proof.invariant), proof.method)
