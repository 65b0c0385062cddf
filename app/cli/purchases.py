"""``mirante ingest purchases``: a real purchase stream as records, to send through any way in."""

from __future__ import annotations

import json

import click

from app.cli.context import stderr
from app.demo.purchases import SYNTHETIC, documents, read_purchases


@click.command()
@click.option("--customers", type=click.IntRange(min=1), help="Only the first so many customers.")
def purchases(customers: int | None) -> None:
    """Write CDNOW's real purchases as records, one JSON object a line: 23,570 customers, 69,659 purchases.

    \b
      mirante ingest purchases | mirante ingest -
    """
    found = read_purchases(customers)
    stderr.print(f"{len(found):,} purchases; {SYNTHETIC}", markup=False, soft_wrap=True)
    for document in documents(found):
        click.echo(json.dumps(document))
