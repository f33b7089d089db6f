"""The properties that must hold: no anomalies, and the qualities backup, availability and consistency."""
