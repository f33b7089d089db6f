"""The forms in which notebooks show a result."""

from __future__ import annotations

from collections.abc import Callable

from bac.model.errors import BacError

LARGEST_SVG = 100_000
"""Characters of a picture that a notebook shows beside the text."""


def mimebundle(text: str, picture: Callable[[], str]) -> dict[str, str]:
    """Return the forms in which a notebook may show a result: always text, and a picture where it is small."""
    bundle = {"text/plain": text}
    try:
        svg = picture()
    except BacError:
        return bundle
    return bundle | ({"image/svg+xml": svg} if len(svg) <= LARGEST_SVG else {})
