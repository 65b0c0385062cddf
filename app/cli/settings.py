"""``mirante settings``: what is in force."""

from __future__ import annotations

from dataclasses import fields

import click

from app.cli.context import pass_settings, plain_table, stdout
from app.settings import ENV_PREFIX, Settings, channel_variable


@click.command()
@pass_settings
def settings(current: Settings) -> None:
    """Show the effective settings: flags override MIRANTE_*, then mirante.toml, then defaults.

    A mirante.toml in the current folder goes over the workspace's own.
    """
    table = plain_table("setting", "value", "environment variable", "what it is")
    texts = {spec.name: str(spec.metadata["help"]) for spec in fields(Settings)}
    for name, value in current.masked().items():
        variable = channel_variable("<name>") if name == "channel_secrets" else ENV_PREFIX + name.upper()
        table.add_row(name, value if value not in ("None", "") else "unset", variable, texts[name])
    stdout.print(table)
