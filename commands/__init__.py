"""Commands of their own size, and what all commands share; ``bac.cli`` puts them together."""
