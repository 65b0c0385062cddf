"""The ``mirante`` command in this process: what a person types, sees and gets as exit status."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unittest.mock import patch

import click

from app.cli.lazy import Later
from app.cli.main import cli, main


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    out: str
    err: str


def mirante(*arguments: object) -> Ran:
    """Run it as the console script does, its failures explained; piped, so 140 columns wide."""
    out, err = io.StringIO(), io.StringIO()
    argv: Sequence[str] = ["mirante", *(str(argument) for argument in arguments)]
    with patch.object(sys, "argv", argv), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = _status()
    return Ran(status, out.getvalue(), err.getvalue())


def _status() -> int:
    try:
        main()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0 if left.code is None else 1
    return 0


def every_command(
    group: click.Group = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every group and command by its words, loaded."""
    for name, known in group.commands.items():
        command = known.load() if isinstance(known, Later) else known
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
