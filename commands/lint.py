"""``bac lint``: read specifications and say what is wrong in them; nothing is checked."""

from __future__ import annotations

import sys

import click

from bac.commands.terminal import HOLDS, WRONG, complain, files, read


@click.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True, shell_complete=files)
@click.option("--strict", is_flag=True, help="Make warnings errors.")
def lint(specs: tuple[str, ...], strict: bool) -> None:
    """Read each SPEC, and print its errors and warnings, without checking any plan.

    A SPEC may be a folder: all *.bac.yaml in it are read.

    Exit codes: 0 there are no errors, 2 there are some.
    """
    from bac.commands.check import specification_files
    from bac.model.errors import BacError

    code = HOLDS
    for file in specification_files(specs):
        try:
            read(file, strict)
        except BacError as error:
            complain(str(error))
            code = WRONG
    sys.exit(code)
