"""Files for other tools: the same transition system as TLA+, Promela and SMT-LIB, and its runs as ITF."""
