"""A command group whose first argument may be a file: what is no subcommand goes to the default one."""

from __future__ import annotations

import difflib
from pathlib import Path

import click


class FileOrCommand(click.Group):
    """``default`` names the subcommand that takes the file; a misspelt subcommand is told from a file."""

    def __init__(self, *args: object, default: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._default = default

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        first = args[0] if args else ""
        if first in self.commands or (first.startswith("-") and first != "-"):
            return super().resolve_command(ctx, args)
        shown = [name for name, command in self.commands.items() if not command.hidden]
        near = difflib.get_close_matches(first, shown, n=1)
        if near and not Path(first).exists():
            ctx.fail(f"{first!r} is neither a file nor a command. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, [self._default, *args])

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "FILE | COMMAND [ARGS]...")
