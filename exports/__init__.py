"""What other tools read: the same transition system as TLA+, Promela and SMT-LIB, and its runs as ITF."""
