"""The graph of an architecture, after Figures 1, 2 and 6 of the article."""
