"""``mirante check`` and ``mirante build``: from the catalogue to everything generated."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.context import pass_settings, stdout
from app.settings import Settings
from slo.catalogue import load_catalogue


@click.command()
@click.option("--definitions", type=click.Path(path_type=Path), help="Folder of SLO definitions.")
@pass_settings
def check(settings: Settings, definitions: Path | None) -> None:
    """Validate and lint every definition; the exit status is the answer."""
    catalogue = load_catalogue(definitions or settings.definitions)
    stdout.print(f"{len(catalogue.slos)} SLOs in {len(catalogue.sources)} files are sound.")


@click.command()
@pass_settings
def build(settings: Settings) -> None:
    """Write everything generated: same input, same bytes."""
