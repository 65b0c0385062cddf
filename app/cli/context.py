"""What every command shares: the settings built from the flags, and the terminal."""

from __future__ import annotations

import click
from rich.console import Console

from app.settings import Settings

stdout = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)

pass_settings = click.make_pass_decorator(Settings)
