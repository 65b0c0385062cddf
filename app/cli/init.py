"""``mirante init``: a workspace to begin with, from what a Prometheus has or as an example."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.context import counted, pass_settings, plain_table, say, stderr, stdout
from app.settings import Settings
from foundation.exit_status import ExitStatus

if TYPE_CHECKING:
    from app.new_workspace.asking import Found, PrometheusAddress

DEFAULT_FOLDER = Path("mirante-workspace")
MOST_REFUSED = 12


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=DEFAULT_FOLDER)
@click.option("--prometheus", metavar="URL", help="Prometheus to look for services in, http://HOST:PORT.")
@pass_settings
def init(settings: Settings, folder: Path, prometheus: str | None) -> None:
    """Create a workspace in DIR, from the metrics of a Prometheus or as an example.

    DIR is a new or empty folder, mirante-workspace by default. It gets SLOs, an alarm policy, a board and
    settings.

    With a Prometheus, SLOs are proposed for the services whose metrics are recognised (HTTP, gRPC and
    OpenTelemetry names, proxies, counters of outcomes), with objectives that today's data meets. Without
    one, the files are those of a web shop, to be changed. Comments say what each field means.

    Exit status: 0 made; 1 the Prometheus has nothing that is recognised; 2 DIR is not empty; 3 the
    Prometheus cannot be asked. Unless it is 0, nothing is written.
    """
    from app.new_workspace.asking import address
    from app.new_workspace.definitions import FOLDER
    from app.new_workspace.folder import CONFIG, example_files, refuse_taken, write

    refuse_taken(folder)
    if prometheus is None:
        write(example_files(), folder)
        say(f"{folder}: an example, of a web shop; read {folder / FOLDER / 'shop.yaml'} first")
    else:
        _from(address(prometheus), folder, settings)
    mirante = f"mirante --workspace {shlex.quote(os.fspath(folder))}"
    say("Next:")
    say(f"  {mirante} check")
    once = f"   # once {folder / CONFIG} names your Prometheus" if prometheus is None else ""
    say(f"  {mirante} slo status{once}")
    say(f"  {mirante} build --out build")


def _from(where: PrometheusAddress, folder: Path, settings: Settings) -> None:
    from rich.markup import escape

    from app.new_workspace.asking import ask
    from app.new_workspace.definitions import measured_text
    from app.new_workspace.folder import offered_files, write
    from foundation.clock import parse_clock
    from foundation.quantities import percent_text

    with stderr.status("asking") as status:
        found = ask(where, parse_clock(settings.clock), lambda text: status.update(escape(text)))
    services = found.offers.services
    _print_refused(found, folder if services else None)
    if not services:
        say(f"{where.url} has no metrics that Mirante recognises, so nothing was written", "red")
        say("`mirante init` without --prometheus writes an example to start from.")
        raise SystemExit(ExitStatus.NO)
    write(offered_files(found, where), folder)
    table = plain_table("SLO", "proposed", "measured", "from")
    for service in services:
        for offer in service.offers:
            promise = percent_text(offer.target) + (f" within {offer.edge}" if offer.edge else "")
            table.add_row(f"{service.name}/{offer.name}", promise, measured_text(offer), offer.metric)
    stdout.print(table)
    slos = counted(sum(len(service.offers) for service in services), "SLO")
    say(f"{folder}: {slos} of {counted(len(services), 'service')} proposed from {where.url}")


def _print_refused(found: Found, folder: Path | None) -> None:
    """The first of them; all are in a file of ``folder``, if one is written."""
    from app.new_workspace.definitions import REFUSED

    for limit in found.limits:
        say(f"not looked at: {limit}")
    refused = found.offers.refused
    for one in refused[:MOST_REFUSED]:
        about = f" of {one.service}" if one.service else ""
        say(f"not proposed: {one.metric}{about}: {one.reason}")
    if len(refused) > MOST_REFUSED:
        listed = "" if folder is None else f"; all of them are in {folder / REFUSED}"
        say(f"not proposed: {len(refused) - MOST_REFUSED:,} more{listed}")
