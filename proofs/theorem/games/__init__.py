"""Policies against clients: who wins, and under which assumptions."""
