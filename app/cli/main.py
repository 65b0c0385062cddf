"""The command's root: global flags, and the subcommands."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from app.cli.context import ReaderGone
from app.cli.failures import explained
from app.cli.lazy import LazyGroup
from app.cli.table import BY_PURPOSE, ROOT
from app.settings import load_settings
from foundation.exit_status import ExitStatus
from foundation.workspace import Workspace

# Of the help: the table of exit statuses.
STATUSES = "\b\nExit status:\n" + "\n".join(f"  {status:>3}  {status.meaning}" for status in ExitStatus)


class Folder(click.Path):
    """Completed as a folder; that it is one is for the settings to say."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="dir")]


FOLDER = Folder(path_type=Path)


class Root(LazyGroup):
    """Lists commands by what they are for; keeps a closed pipe from click, which would answer 1 to it."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.commands)) + 2
        for heading, commands in BY_PURPOSE.items():
            with formatter.section(heading):
                limit = formatter.width - width - 4
                rows = [(one.name or "", one.get_short_help_str(limit)) for one in commands]
                formatter.write_dl([(name.ljust(width - 2), text) for name, text in rows])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error


@click.group(
    cls=Root,
    commands=ROOT,
    epilog=STATUSES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option("--data-dir", type=FOLDER, help="Folder where the embedded profile keeps its files.")
@click.option("--environment", help="Name of the environment.")
@click.option("--workspace", type=FOLDER, help="Workspace folder to use instead of the shipped one.")
@click.option("--definitions", type=FOLDER, help="Folder of SLO definitions.")
@click.option("--policies", type=FOLDER, help="Folder of credit policies.")
@click.option("--alarm-policy", type=FOLDER, help="Folder of the alarm policy.")
@click.option("--host", help="Address that servers bind to.")
@click.option("--api-port", type=int, help="Port of the decision API.")
@click.option("--control-port", type=int, help="Port of the console and the router.")
@click.option("--clock", help="system, or scaled:FACTOR@ISO-INSTANT.")
@click.option("--log-level", help="DEBUG, INFO, WARNING or ERROR.")
@click.version_option(package_name="mirante")
@click.pass_context
def cli(context: click.Context, /, **flags: object) -> None:
    """Mirante: SLOs, error budgets, alerts, on-call and boards, from files that a team writes."""
    settings = load_settings(flags)
    context.obj = settings
    here = Workspace(Path.cwd())
    nothing_chosen = settings.workspace is None and settings.definitions is None
    if nothing_chosen and here.definitions.is_dir() and not here.is_shipped:
        told = "this folder is a workspace, but not the one in use: `mirante --workspace . ...` uses it"
        click.echo(f"note: {told}", err=True)


def main() -> None:
    """Run the command line; every error becomes one message and an exit status."""
    with explained():
        # click's own ending would answer 1 to Ctrl-C and to a closed pipe.
        status = cli.main(prog_name="mirante", standalone_mode=False)
        sys.stdout.flush()
        raise SystemExit(status if isinstance(status, int) else 0)


def program() -> None:
    """``main`` as a whole process. Interrupted, it ends with 130: left to itself, Python would end by the
    signal instead when that met code which it had compiled from a string (a dataclass being made, say)."""
    try:
        main()
    except SystemExit as leaving:
        if leaving.code != ExitStatus.INTERRUPTED:
            raise
        with contextlib.suppress(OSError, ValueError):  # nobody may be reading any more
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(ExitStatus.INTERRUPTED)
