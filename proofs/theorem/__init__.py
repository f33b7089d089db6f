"""The BAC theorem: games, small graphs, and obligations for any number of services."""
