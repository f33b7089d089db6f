"""The public Python interface: ``import bac`` offers the names of these modules."""
