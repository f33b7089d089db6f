"""bac: a model checker for backup, availability and consistency of microservices.

The source is G. Pardon, C. Pautasso and O. Zimmermann, "Consistent Disaster Recovery for Microservices: the BAC
Theorem", IEEE Cloud Computing 5(1), 2018: when an entire microservice architecture is backed up, availability and
consistency cannot both be had.  Import what you need from the modules themselves: ``bac.model.specification.reader``
reads a file, ``bac.model.semantics`` makes a transition system of it, ``bac.proofs`` decides its properties.
"""

__version__ = "0.1.0"
