"""What must hold: anomalies, and the qualities backup, availability and consistency."""
