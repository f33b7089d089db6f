"""Reductions: what need not be searched, and the conditions under which that is sound."""
