"""Event-log diagrams, after Figures 3 to 5 of the article."""
