"""``mirante demo``: the main job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from app.cli.context import pass_settings, stderr, stdout
from app.settings import EMBEDDED, PROFILES, Settings

STORES = ("relational", "none")


@click.command()
@click.option("--fault", type=click.Choice(STORES), default="relational", show_default=True)
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    help="embedded, or local (MariaDB, Redis, Cassandra and an AWS emulator).  [default: the setting]",
)
@click.option("--loans", type=click.IntRange(min=100), help="Number of loans to use.  [default: all 10,000]")
@click.option("--work-dir", type=click.Path(path_type=Path), default=Path("demo-data"), show_default=True)
@click.option("--report-dir", type=click.Path(path_type=Path), default=Path("demo-report"), show_default=True)
@click.option("--build-dir", type=click.Path(path_type=Path), default=Path("build"), show_default=True)
@pass_settings
def demo(
    settings: Settings,
    fault: str,
    profile: str | None,
    loans: int | None,
    work_dir: Path,
    report_dir: Path,
    build_dir: Path,
) -> None:
    """Run real loans through the API, a fault, the burn, the page and the recovery; ends with a report.

    The exit status is 0 only if everything expected was observed. With --fault none no alert may fire, so the
    status is 1: this is the negative control of the demo.
    """
    import signal

    from app.demo.parameters import Parameters, beside_servers
    from app.demo.run import Demo
    from app.demo.servers import servers_of

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to end, it leaves nothing running either
    store = None if fault == "none" else fault
    parameters = Parameters(work_dir, report_dir, build_dir, store=store, loans=loans)
    chosen = replace(settings, profile=profile or settings.profile)
    if chosen.profile != EMBEDDED:
        parameters = beside_servers(parameters)
    with servers_of(chosen, work_dir.with_name(f"{work_dir.name}-servers"), _tell) as ready:
        status = Demo(ready, parameters, stdout.console).play()
    raise SystemExit(status)


def _tell(name: str, what: str) -> None:
    stderr.print(f"[dim]{name:<13}[/dim] {what}")
