"""Verdicts by precedence: which events come before which snapshots, without exploring states (docs/precedence.md)."""
