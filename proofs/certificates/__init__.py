"""Evidence that is checked apart from what found it."""
