"""Theorems for any number of services and commands, one module each, as obligations for two solvers."""
