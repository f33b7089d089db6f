"""Search states up to the exchange of whole indices."""
