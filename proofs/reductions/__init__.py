"""The reductions: ways to search less for the same verdicts."""
