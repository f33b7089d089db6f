"""The statements of the article on every small reference graph."""
