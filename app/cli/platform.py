"""``mirante audit``, ``consistency`` and ``ingest``: the data platform from the command line.

They open the data directory themselves, so the data side must not be running (they say so if it is).
"""

from __future__ import annotations

import click


@click.group()
def audit() -> None:
    """The audit trail."""


@click.group()
def consistency() -> None:
    """Do the stores say the same?"""


@click.group()
def ingest() -> None:
    """The ingestion stream."""
