"""``mirante up`` and ``mirante serve``: the running product."""

from __future__ import annotations

import asyncio

import click

from app.bootstrap.names import ROLE_NAMES
from app.bootstrap.paths import DataPaths
from app.cli.context import pass_settings, stderr, stdout
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
    sock = bind(settings.host, port, setting)
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
    if settings.folders.is_shipped:
        refuse_second(settings.data_dir)  # before a link is shown that another's console would take
    _welcome(settings)
    raise SystemExit(asyncio.run(Supervisor(children, _announce).run()))


def _announce(role: str, pid: int, restarts: int) -> None:
    again = f" (restart {restarts})" if restarts else ""
    stderr.print(f"[dim]{role} runs as process {pid}{again}[/dim]")


def _welcome(settings: Settings) -> None:
    api = f"http://{settings.host}:{settings.api_port}"
    if settings.folders.is_shipped:
        stdout.print(f"Decision API  {api}  (OpenAPI: {api}/openapi.json)", soft_wrap=True)
    for line in (
        f"Console       {new_link(settings)}",
        "              The link works once, within 15 minutes; `mirante console-link` creates another.",
        "Ctrl-C stops everything cleanly.",
    ):
        stdout.print(line, soft_wrap=True)


def new_link(settings: Settings) -> str:
    """A link that signs one browser in to the console, once."""
    from app.console.sessions import SqliteSessions
    from dataplatform.directory import prepare_directory

    prepare_directory(settings.data_dir)
    sessions = SqliteSessions(DataPaths(settings.data_dir).sessions)
    try:
        return sessions.issue_link(f"http://{settings.host}:{settings.control_port}")
    finally:
        sessions.close()


@click.command(name="console-link")
@pass_settings
def console_link(settings: Settings) -> None:
    """Print a new one-time sign-in link of the console."""
    click.echo(new_link(settings))
