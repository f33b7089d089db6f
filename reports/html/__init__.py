"""A report that one can play with: one file of HTML, readable without scripts, which works offline."""

from __future__ import annotations
