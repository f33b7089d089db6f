"""The compiled kernel of the explicit engine: the same answers, for spaces of hundreds of millions of states.

:func:`bac.proofs.explicit.compiled.engine.explore` answers questions,
:func:`bac.proofs.explicit.compiled.engine.count_states` counts. Nothing here is imported before a search is known to be
worth it: loading the compiler takes longer than most searches.
"""
