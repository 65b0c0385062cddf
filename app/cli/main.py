"""The command's root: global flags, and the subcommands."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import fields
from pathlib import Path

import click

from app.cli import alert_actions, alert_calibration, alert_channels, alert_reports
from app.cli.alerts import alerts
from app.cli.audit import audit
from app.cli.consistency import consistency
from app.cli.context import pass_settings, plain_table, stdout
from app.cli.dashboards import dashboards
from app.cli.decide import decide
from app.cli.definitions import build, check, import_
from app.cli.demo import demo
from app.cli.deploy import apply, plan
from app.cli.export import export
from app.cli.failures import EXIT_INTERRUPTED, Root, explained
from app.cli.ingest import ingest
from app.cli.keys import keys
from app.cli.sagas import sagas
from app.cli.serve import console_link, serve, up
from app.cli.simulate import simulate_
from app.cli.slo import slo
from app.cli.stack import stack
from app.settings import ENV_PREFIX, Settings, channel_variable, load_settings


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Where the embedded profile keeps its files."
)
@click.option("--environment", help="Name of the environment; a label on everything.")
@click.option("--definitions", type=click.Path(path_type=Path), help="Folder of SLO definitions.")
@click.option("--policies", type=click.Path(path_type=Path), help="Folder of credit policies.")
@click.option("--alarm-policy", type=click.Path(path_type=Path), help="Folder of the alarm policy.")
@click.option("--host", help="Address that servers bind.")
@click.option("--api-port", type=int, help="Port of the decision API.")
@click.option("--control-port", type=int, help="Port of the console and the router.")
@click.option("--clock", help="system, or scaled:FACTOR@ISO-INSTANT.")
@click.option("--log-level", help="DEBUG, INFO, WARNING or ERROR.")
@click.version_option(package_name="mirante")
@click.pass_context
def cli(context: click.Context, /, **flags: object) -> None:
    """Mirante: SLOs, burn, pages and boards, with the credit platform they watch.

    Exit status: 0 done or yes; 1 the answer is no, or a file says something wrong; 2 wrong usage;
    3 the machine is in the way; 70 a defect of ours; 130 interrupted.
    """
    context.obj = load_settings(flags)


@cli.command()
@pass_settings
def settings(current: Settings) -> None:
    """Show every setting in force: flags over MIRANTE_* over mirante.toml over defaults."""
    table = plain_table("setting", "value", "environment variable", "what it is")
    texts = {spec.name: str(spec.metadata["help"]) for spec in fields(Settings)}
    for name, value in current.masked().items():
        variable = channel_variable("<name>") if name == "channel_secrets" else ENV_PREFIX + name.upper()
        table.add_row(name, value if value not in ("None", "") else "unset", variable, texts[name])
    stdout.print(table)


for command in (
    up,
    serve,
    console_link,
    demo,
    slo,
    simulate_,
    check,
    build,
    import_,
    plan,
    apply,
    dashboards,
    alerts,
    decide,
    keys,
    audit,
    consistency,
    ingest,
    stack,
    export,
    sagas,
):
    cli.add_command(command)


# They add themselves to ``alerts``.
MORE_COMMANDS = (alert_actions, alert_calibration, alert_channels, alert_reports)


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
        if leaving.code != EXIT_INTERRUPTED:
            raise
        with contextlib.suppress(OSError, ValueError):  # nobody may be reading any more
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(EXIT_INTERRUPTED)
