"""``mirante demo``: the main job."""

from __future__ import annotations

import click


@click.command()
def demo() -> None:
    """Real loans through the API, a fault, the burn, the page, the board; ends by itself with a report."""
