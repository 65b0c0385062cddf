"""``mirante demo``: the main job."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.context import pass_settings, stdout
from app.demo.parameters import Parameters
from app.demo.run import Demo
from app.settings import Settings

STORES = ("relational", "none")


@click.command()
@click.option("--fault", type=click.Choice(STORES), default="relational", show_default=True)
@click.option("--loans", type=click.IntRange(min=100), help="Only the first so many.  [default: all 10,000]")
@click.option("--work-dir", type=click.Path(path_type=Path), default=Path("demo-data"), show_default=True)
@click.option("--report-dir", type=click.Path(path_type=Path), default=Path("demo-report"), show_default=True)
@click.option("--build-dir", type=click.Path(path_type=Path), default=Path("build"), show_default=True)
@pass_settings
def demo(
    settings: Settings, fault: str, loans: int | None, work_dir: Path, report_dir: Path, build_dir: Path
) -> None:
    """Real loans through the API, a fault, the burn, the page, the recovery; ends by itself with a report.

    Exit status 0 only if everything promised was observed. With --fault none the alert must not come, so the
    status is 1: the demo's own negative control.
    """
    store = None if fault == "none" else fault
    parameters = Parameters(work_dir, report_dir, build_dir, store=store, loans=loans)
    raise SystemExit(Demo(settings, parameters, stdout).play())
