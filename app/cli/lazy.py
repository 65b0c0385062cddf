"""Commands that are loaded when they are asked for: a listing, a completion and a misspelling load none."""

from __future__ import annotations

from importlib import import_module

import click


class Later(click.Command):
    """A command of another module, known by its name and one-line help: ``module:attribute`` is the rest."""

    def __init__(self, name: str, target: str, help_line: str) -> None:
        super().__init__(name, help=help_line)
        self.target = target

    def load(self) -> click.Command:
        module, _, attribute = self.target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


class LazyGroup(click.Group):
    """A group whose ``commands`` may be ``Later``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Later) else command, rest
