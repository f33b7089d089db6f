"""Verdicts as text, tables, JSON and JUnit."""
