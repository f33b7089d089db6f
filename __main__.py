"""``python -m bac`` is the command ``bac``."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line; an interruption while it is loaded ends it as one later does."""
    try:
        from bac.cli import main

        main(prog_name="bac")
    except KeyboardInterrupt:
        sys.exit(3)


if __name__ == "__main__":
    run()
