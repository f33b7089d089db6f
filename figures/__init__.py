"""Figures: event-log diagrams and architecture graphs."""
