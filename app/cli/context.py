"""What every command shares: the settings built from the flags, and the terminal."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from functools import cached_property
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from app.settings import Settings
from foundation.quantities import span_text

if TYPE_CHECKING:  # rich takes longer to load than most commands to answer
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment
    from rich.status import Status
    from rich.table import Table

SECONDS_TO_A_LINE = 3.0
LONGEST_CELL = 120  # characters of what others named, in a list
PIPED_WIDTH = 140  # columns, when nobody's terminal sets a width


class ReaderGone(Exception):
    """Nobody reads our output any more (head, less)."""


class Terminal:
    """Where a command writes: rich's console, made when the first word is written."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    @cached_property
    def console(self) -> Console:
        from rich.console import Console
        from rich.segment import Segment

        class Piped(Console):
            """Leaves a closed pipe to us; the original would exit with 1."""

            def on_broken_pipe(self) -> None:
                raise ReaderGone

            def render(
                self, renderable: RenderableType, options: ConsoleOptions | None = None
            ) -> Iterator[Segment]:
                """Styles and lines are rich's own; a control character in a text is somebody else's."""
                for part in super().render(renderable, options):
                    yield part if part.control else Segment(shown(part.text), part.style)

        stream = sys.stderr if self._stderr else sys.stdout
        width = None if stream.isatty() else PIPED_WIDTH
        return Piped(stderr=self._stderr, highlight=False, width=width)

    def print(self, *objects: object, **options: Any) -> None:
        """As rich's console prints them."""
        self.console.print(*objects, **options)

    def status(self, text: str) -> Status:
        """A line that says what is going on, while it is."""
        return self.console.status(text)

    @contextmanager
    def progress(self, text: str) -> Iterator[Callable[[str], None]]:
        """``status`` for steps that wait for others, beginning with ``text``; the block names the next ones.
        Where no terminal shows it, there is a line every few seconds, the first after some."""
        from rich.markup import escape

        last = monotonic()
        with self.status(escape(text)) as shown, ExitStack() as waiting:

            def write(now: str) -> None:
                nonlocal last
                last = monotonic()
                self.print(f"{now} ...", markup=False)

            def step(now: str) -> None:
                waiting.close()
                shown.update(escape(now))
                if not self.console.is_terminal:
                    late = Timer(max(0.0, last + SECONDS_TO_A_LINE - monotonic()), write, [now])
                    late.daemon = True
                    late.start()
                    waiting.callback(late.cancel)

            step(text)
            yield step


stdout = Terminal()
stderr = Terminal(stderr=True)

pass_settings = click.make_pass_decorator(Settings)
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable.")


def shown(text: str) -> str:
    """Without what a terminal would obey: what others sent may hold any control character."""
    if text.isprintable():
        return text
    return "".join(
        f"\\x{ord(c):02x}" if unicodedata.category(c) == "Cc" and c not in "\n\t" else c for c in text
    )


def say(text: str, style: str | None = None) -> None:
    """A line of prose as it is: no markup, and no line break that was not written."""
    stdout.print(text, style=style, markup=False, soft_wrap=True)


def echo_json(document: object) -> None:
    """Dataclasses as objects of their fields, instants in ISO 8601."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=_jsonable))


def _jsonable(value: object) -> object:
    if is_dataclass(value):
        return fields_of(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def fields_of(value: object, *left_out: str) -> dict[str, object]:
    """A dataclass's fields by name, but for those left out."""
    names = (field.name for field in fields(value))  # type: ignore[arg-type]
    return {name: getattr(value, name) for name in names if name not in left_out}


def prometheus_of(settings: Settings, given: str | None) -> str:
    """The Prometheus to ask.

    Raises:
        UsageError: none is given and none is set.
    """
    url = given or settings.prometheus
    if not url:
        raise click.UsageError("no Prometheus is set: give --prometheus, or set MIRANTE_PROMETHEUS")
    return url


def plain_table(*headings: str, right: tuple[str, ...] = (), title: str | None = None) -> Table:
    """A table without lines whose cells fold where the window is narrow: nothing is ever cut off."""
    from rich.table import Table

    return _with_columns(Table, headings, right, title)


def _with_columns(
    kind: type[Table], headings: tuple[str, ...], right: tuple[str, ...], title: str | None
) -> Table:
    table = kind(box=None, pad_edge=False, title=title, title_justify="left", show_header=any(headings))
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return table


def list_table(*headings: str, right: tuple[str, ...] = (), title: str | None = None) -> Table:
    """As ``plain_table``, of what others named: a cell is one printable line, shortened where it is long."""
    from rich.table import Table
    from rich.text import Text

    from alarms.notify.text.plain import line

    class OneLine(Table):
        def add_row(self, *cells: Any, **more: Any) -> None:
            short = (
                Text(line(shown(cell), LONGEST_CELL)) if isinstance(cell, str) else cell for cell in cells
            )
            super().add_row(*short, **more)

    return _with_columns(OneLine, headings, right, title)


def instant_text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def age_text(at: datetime, now: datetime) -> str:
    return f"{span_text(max(timedelta(0), now - at))} ago"


def counted(number: int, noun: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
