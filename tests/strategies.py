"""Hypothesis strategies for whole specifications and plans, as the plain documents that YAML or JSON holds.

All of them are valid, and small: their state spaces are to be searched by every engine. They are made as generator.py
says, by choices that Hypothesis makes, and can make again for a smaller example.
"""

from __future__ import annotations

from generator import Choices, Document, plan, specification
from hypothesis import strategies as st

__all__ = ["Document", "plans", "specifications"]


def _choices(plain: bool) -> st.SearchStrategy[Choices]:
    return st.randoms(use_true_random=False).map(lambda random: Choices(random, plain))


@st.composite
def specifications(draw: st.DrawFn, plans_too: bool = False, plain: bool = False) -> Document:
    """A specification with 1-3 services, 1-3 entities and 1-3 use cases of at most six steps in all.

    With ``plans_too`` it has up to two plans, else none; if ``plain``, it has only what the first version of the
    language had.
    """
    document = specification(draw(_choices(plain)))
    if plans_too:
        named = draw(st.dictionaries(st.sampled_from(["p", "q"]), plans(document, plain), max_size=2))
        document |= {"plans": named} if named else {}
    return document


def plans(document: Document, plain: bool = False) -> st.SearchStrategy[Document]:
    """A plan for this specification: any groups, order, recovery and disaster that are valid."""
    return _choices(plain).map(lambda choices: plan(choices, document))
