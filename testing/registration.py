"""Make the strategies known to Hypothesis, so that ``from_type`` and ``@given(...)`` find them for our types.

Hypothesis calls :func:`register` whenever it is imported, in projects that never use bac, too.  So this module imports
nothing; the types are registered when they are first used (``bac.__getattr__``), or at once if they have been.
"""

from __future__ import annotations

import sys

import bac


def register() -> None:
    """Register the strategies as soon as the types are loaded."""
    if "bac.api.runs" in sys.modules or "bac.api.specification" in sys.modules:
        register_now()
    else:
        bac._when_loaded.append(register_now)


def register_now() -> None:
    """Register the strategies of :mod:`bac.testing` for the types that they make."""
    from hypothesis import strategies as st

    import bac
    from bac import testing

    st.register_type_strategy(bac.Specification, lambda _: testing.specifications())
    st.register_type_strategy(bac.Run, lambda _: testing.runs())
