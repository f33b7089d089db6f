"""How it is shown: event-log diagrams and architecture graphs."""
