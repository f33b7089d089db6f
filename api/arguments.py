"""Arguments of the public functions: each is checked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from bac.model.errors import UnsuitableArgument, one_of

MOST_INSTANCES = 1000
"""As many instances of every use case can be asked for, as on the command line."""

Member = TypeVar("Member", bound=StrEnum)
Value = TypeVar("Value")


def between(what: str, number: int, least: int, most: int | None = None) -> None:
    """Check that a number is in its range.

    Raises:
        UnsuitableArgument: it is not.
    """
    if not isinstance(number, int) or number < least or (most is not None and number > most):
        allowed = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise UnsuitableArgument(f"{what} is {number!r}, and has to be a number {allowed}")


def several(what: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return names as a tuple.

    Raises:
        UnsuitableArgument: they are one text, whose characters would be taken for names.
    """
    if isinstance(names, str):
        raise UnsuitableArgument(f"{what} is one text, and has to be a list: {what}=[{names!r}]")
    return tuple(names)


def some(what: str, values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the values.

    Raises:
        UnsuitableArgument: there is none.
    """
    if not values:
        raise UnsuitableArgument(f"{what} is empty; leave it out for all")
    return values


def member(kind: type[Member], what: str, name: str) -> Member:
    """Return the member of that name.

    Raises:
        UnsuitableArgument: there is none; the message has the names of all.
    """
    try:
        return kind(name)
    except ValueError:
        raise one_of(what, name, kind) from None


def members(kind: type[Member], argument: str, what: str, names: Iterable[str]) -> tuple[Member, ...]:
    """Return the members of these names, as :func:`member`."""
    return tuple(member(kind, what, name) for name in several(argument, names))
