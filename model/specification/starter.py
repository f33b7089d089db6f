"""The specification that ``bac init`` writes, with the schema of the format beside it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from bac.model.files import is_stream, write_text

STARTER = """\
# yaml-language-server: $schema=specification.schema.json
#
# A small shop.  Check what its backups are worth:  bac check THIS-FILE

name: Shop

# Who owns which entities.  An entity has one owner; other services may refer to it.
services:
  customers: {owns: [customer]}
  orders:    {owns: [order]}
  shipping:  {owns: [shipment], copies: [customer]}   # copies: entities of others that it keeps a copy of

# What clients ask for.  Each step is one command in one service: create, link, unlink, update, delete or copy.
use_cases:
  register customer:
    - create: customer
  place order:
    - create: order
      refers_to: [customer]     # the order holds a link to the customer
  ship order:
    - create: shipment
      refers_to: [order]
    - update: order             # called by shipping: the order is on its way
  change address:
    - update: customer
    - copy: customer            # shipping keeps the address
      at: shipping
      via: event                # triggered by an event through the broker, not by a call

# tolerates: ["order -> customer"]    # a link that may break: reported, but not counted against consistency

# How backups are taken.  The plan "independent" is always there: each service alone, at any time.
plans:
  nightly:
    order: [shipping, orders, customers]    # one after the other: referring services before those they refer to
  quiesced:
    groups:
      - {mode: locked, services: all}       # hold clients back, back up everything, release
    recovery: {replay: true}                # deliver events again that a backup does not have
    disaster: {scope: any}                  # any service may crash, or several, or all
"""
"""The file that ``bac init`` writes; its first line tells an editor where the schema is (see :func:`write_starter`)."""

SCHEMA_FILE = "specification.schema.json"
"""The name of the schema, in the package and beside a starter specification."""


def write_starter(path: Path, overwrite: bool = False) -> None:
    """Write the starter specification, and a copy of the schema beside it, which its first line names for editors.

    Raises:
        UnwritableFile: if the file exists (unless ``overwrite``), or one of the two cannot be written.
    """
    write_text(path, STARTER, overwrite=overwrite)
    if not is_stream(path):
        schema = resources.files("bac.schemas").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")
        write_text(path.with_name(SCHEMA_FILE), schema)
