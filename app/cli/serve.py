"""``mirante up`` and ``mirante serve``: the running product."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from app.bootstrap.names import ROLE_NAMES
from app.bootstrap.paths import DataPaths, claimed_paths, paths_of
from app.bootstrap.running import UP, console_address, hold, own_console, refuse_running
from app.cli.context import pass_settings, stderr, stdout
from app.serving.errors import ServingError
from app.settings import Settings


@click.command()
@click.argument("role", type=click.Choice(ROLE_NAMES))
@click.option("--with-parent", is_flag=True, help="Stop when standard input closes.")
@pass_settings
def serve(settings: Settings, role: str, with_parent: bool) -> None:
    """Serve one ROLE as its own process, as in a deployment.

    `data` is api + ingest; `control` is prober + evaluator + router + console + exporters.
    """
    import uvloop

    from app.serving.server import stop_with_parent

    if with_parent:
        stop_with_parent()
    uvloop.run(_serve(settings, role))


async def _serve(settings: Settings, role: str) -> None:
    from app.bootstrap.roles import ROLES, build_process
    from app.serving.server import bind
    from app.serving.server import serve as serve_process

    port, setting = ROLES[role].port(settings)
    with bind(settings.host, port, setting) as sock:
        process = await build_process(settings, role)
        await serve_process(process, sock)


@click.command()
@pass_settings
def up(settings: Settings) -> None:
    """Serve everything on this machine: decision API, ingestion, console, evaluator, router, exporters.

    Only the shipped workspace has the decision API and ingestion; other workspaces run the rest.
    """
    from app.bootstrap.roles import ROLES, sides
    from app.serving.server import bind
    from app.serving.supervisor import Child, Supervisor
    from dataplatform.directory import refuse_second

    environment = settings.child_environment()
    children = []
    for role in sides(settings):
        port, setting = ROLES[role].port(settings)
        bind(settings.host, port, setting).close()
        children.append(Child(role, environment, (settings.host, port)))
    # All before a link is shown that could not be used.
    _refuse_unusable(settings)
    paths = claimed_paths(settings)
    held = hold(paths, UP)
    try:
        refuse_running(paths, settings)
        if settings.folders.is_shipped:
            refuse_second(settings.data_dir)
        _welcome(settings)
        status = asyncio.run(Supervisor(children, _announce).run())
    finally:
        held.release()
    raise SystemExit(status)


def _refuse_unusable(settings: Settings) -> None:
    """Raises what the control side would raise of the files that people write; says what it would not use."""
    from app.bootstrap.kept_alarm_files import KeptAlarmFiles, usable_files
    from slo.loaders.catalogue_files import catalogue_of

    catalogue_of(settings.folders)
    kept = KeptAlarmFiles(DataPaths(settings.data_dir).alarm_files)
    if problem := usable_files(settings.folders, kept).problem:
        stderr.print(f"{problem}\nThe alarm files are broken: the last sound ones are used.", markup=False)


def _announce(role: str, pid: int, restarts: int) -> None:
    again = f" (restart {restarts})" if restarts else ""
    stderr.print(f"[dim]{role} runs as process {pid}{again}[/dim]")


def _welcome(settings: Settings) -> None:
    api = f"http://{settings.host}:{settings.api_port}"
    if settings.folders.is_shipped:
        stdout.print(f"Decision API  {api}  (OpenAPI: {api}/openapi.json)", soft_wrap=True)
    link = _new_link(DataPaths(settings.data_dir), own_console(settings))
    for line in (
        f"Console       {link}",
        "              The link works once, within 15 minutes; `mirante console-link` creates another.",
        "Ctrl-C stops everything cleanly.",
    ):
        stdout.print(line, soft_wrap=True)


class NoConsoleYet(ServingError):
    def __init__(self, root: Path) -> None:
        super().__init__(
            f"{root}: no console ever ran here. Check --data-dir and --workspace, or run `mirante up`"
        )


def _new_link(paths: DataPaths, address: str) -> str:
    """A link that signs one browser in to the console at ``address``, once."""
    from app.console.sessions import SqliteSessions

    sessions = SqliteSessions(paths.sessions)
    try:
        return sessions.issue_link(address)
    finally:
        sessions.close()


@click.command(name="console-link")
@pass_settings
def console_link(settings: Settings) -> None:
    """Print a new one-time sign-in link of the console."""
    paths = paths_of(settings)
    if not paths.sessions.is_file():
        raise NoConsoleYet(paths.root)
    click.echo(_new_link(paths, console_address(paths, settings)))
