"""The explicit-state engines: breadth-first search, symmetry of indices, and the compiled search."""
