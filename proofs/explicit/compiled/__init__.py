"""The compiled search: the results of the breadth-first search, for systems of hundreds of millions of states.

:func:`bac.proofs.explicit.compiled.engine.explore` answers queries, and
:func:`bac.proofs.explicit.compiled.engine.count_states` counts.  These modules need numba and numpy; they are imported
only when a search is large, as loading numba takes longer than most searches.
"""
