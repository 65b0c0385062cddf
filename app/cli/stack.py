"""``mirante stack``: the local profile's real servers on this machine, without containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.bootstrap.names import SERVERS
from app.bootstrap.paths import paths_in
from app.cli.context import echo_json, json_option, pass_settings, plain_table, say, stderr, stdout
from app.settings import Settings
from foundation.exit_status import ExitStatus

if TYPE_CHECKING:
    from dataplatform.local.stack import Member, ServerState

COLOURS = {"up": "green", "silent": "yellow", "down": "red"}  # unknown stays grey
STATES = {
    "up": "up",
    "silent": "runs, does not answer",
    "down": "down",
    "unknown": "not started here",
}

only_option = click.option("--only", metavar="NAME,...", help=f"Any of: {', '.join(SERVERS)}.")


@click.group()
def stack() -> None:
    """Real servers on this machine: MariaDB, Redis, Cassandra, AWS (emulated), Prometheus, Alertmanager."""


@stack.command()
@only_option
@click.option(
    "--jars", type=click.Path(path_type=Path), help="Folder of the Java servers.  [default: data_dir]"
)
@click.option("--aws-emulator", type=click.Path(path_type=Path, exists=True), help="The ministack program.")
@pass_settings
def up(settings: Settings, only: str | None, jars: Path | None, aws_emulator: Path | None) -> None:
    """Start the servers on free loopback ports, wait until they answer, and print their addresses.

    Their data stays in DATA_DIR/stack; stack.json there lists their processes and ports.
    """
    from app.bootstrap.local_servers import addresses, introduce, local_servers
    from dataplatform.local.stack import Stack

    folder = _folder(settings)
    chosen = _chosen(only)
    servers = local_servers(folder, jars, aws_emulator)
    members = Stack(folder).up([servers[name] for name in chosen], _tell)
    introduce(settings, folder, members)
    for name, address in addresses(members).items():
        click.echo(f"export MIRANTE_{name.upper()}={address}")


@stack.command()
@only_option
@pass_settings
def down(settings: Settings, only: str | None) -> None:
    """Stop what `stack up` started, and nothing else. The data stays."""
    from dataplatform.local.stack import Stack

    folder = _folder(settings)
    if not Stack(folder).members():
        say("Nothing is running here.")
        return
    Stack(folder).down(_tell, _chosen(only))


@stack.command()
@only_option
@json_option
@pass_settings
def status(settings: Settings, only: str | None, as_json: bool) -> None:
    """Show whether each server answers.

    Exit status: 0 every started server answers, 1 otherwise, 3 the data folder is not there.
    """
    from app.bootstrap.local_servers import local_servers
    from dataplatform.local.stack import ServerState, Stack

    folder = paths_in(settings).root.resolve() / "stack"
    kept = Stack(folder)
    servers = local_servers(folder, None, None)
    members = kept.members()
    states = {name: kept.state(servers[name]) for name in _chosen(only)}
    if as_json:
        echo_json(_document(states, members))
    else:
        _table(states, members)
    started = [state for state in states.values() if state is not ServerState.UNKNOWN]
    if not started or any(state is not ServerState.UP for state in started):
        raise SystemExit(ExitStatus.NO)


def _folder(settings: Settings) -> Path:
    return settings.data_dir.resolve() / "stack"


def _chosen(only: str | None) -> Sequence[str]:
    if only is None:
        return SERVERS
    wanted = {name.strip() for name in only.split(",")}
    if strangers := sorted(wanted.difference(SERVERS)):
        raise click.BadParameter(
            f"{', '.join(strangers)}: choose from {', '.join(SERVERS)}", param_hint="--only"
        )
    return [name for name in SERVERS if name in wanted]


def _tell(name: str, what: str) -> None:
    stderr.print(f"[dim]{name:<13}[/dim] {what}")


def _document(states: Mapping[str, ServerState], members: Mapping[str, Member]) -> object:
    def of(name: str) -> Mapping[str, object]:
        member = members.get(name)
        known = {} if member is None else {"port": member.port, "pid": member.pid, "log": member.log}
        return {"server": name, "state": states[name].value, **known}

    return [of(name) for name in states]


def _table(states: Mapping[str, ServerState], members: Mapping[str, Member]) -> None:
    table = plain_table("server", "state", "port", "process", "log", right=("port", "process"))
    for name, state in states.items():
        member = members.get(name)
        known = ("", "", "") if member is None else (str(member.port), str(member.pid), member.log)
        colour = COLOURS.get(state, "dim")
        table.add_row(name, f"[{colour}]{STATES[state]}[/{colour}]", *known)
    stdout.print(table)
