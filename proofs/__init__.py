"""How it is decided: engines that explore or solve, and the verdicts they give."""
