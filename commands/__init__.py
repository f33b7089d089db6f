"""The commands, and the helpers that they share; ``bac.cli`` puts them together."""
