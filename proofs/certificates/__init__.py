"""Certificates: proofs in files, checked by code that did not produce them."""
