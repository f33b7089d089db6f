"""``python -m bac`` is the command ``bac``."""

from bac.cli import main

if __name__ == "__main__":
    main(prog_name="bac")
