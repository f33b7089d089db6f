"""Drills: real backups, a real loss and a real restore, held against what the specification says."""
