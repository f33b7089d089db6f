"""Decide by satisfiability: Z3 as an engine, and invariants by induction."""
