"""What every command shares: the settings built from the flags, and the terminal."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import click
from rich.console import Console
from rich.table import Table

from app.settings import Settings
from slo.judge.explain import span_text

PIPED_WIDTH = 140  # columns, when nobody's terminal sets a width


class ReaderGone(Exception):
    """Nobody reads our output any more (head, less)."""


class Terminal(Console):
    """Leaves a closed pipe to us; the original would exit with 1."""

    def on_broken_pipe(self) -> None:
        raise ReaderGone


stdout = Terminal(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
stderr = Terminal(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PIPED_WIDTH)

pass_settings = click.make_pass_decorator(Settings)
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable.")


def say(text: str, style: str | None = None) -> None:
    """A line of prose as it is: no markup, and no line break that was not written."""
    stdout.print(text, style=style, markup=False, soft_wrap=True)


def plain_table(*headings: str, right: tuple[str, ...] = (), title: str | None = None) -> Table:
    """A table without lines whose cells fold where the window is narrow: nothing is ever cut off."""
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", show_header=any(headings))
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return table


def instant_text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def age_text(at: datetime, now: datetime) -> str:
    return f"{span_text(max(timedelta(0), now - at))} ago"


def counted(number: int, noun: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
