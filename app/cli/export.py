"""``mirante export``: wide rows as files for analysis, to be run on a schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.context import counted, pass_settings, say, stderr
from app.settings import Settings
from foundation.clock import parse_clock

if TYPE_CHECKING:
    from dataplatform.profiles.wide_export import ExportPlan, WideExport

INSTEAD = "Stop it first, or set MIRANTE_WIDE_HOSTS to export from Cassandra or Keyspaces while it runs"


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder in which to create the export folder.",
)
@click.option(
    "--rows-per-second",
    type=click.FloatRange(min=0, min_open=True),
    help="Most rows to read, to limit the load on the store.  [default: no limit]",
)
@pass_settings
def export(settings: Settings, out: Path, rows_per_second: float | None) -> None:
    """Export every wide row to gzip files of JSON lines with a manifest, for analysis elsewhere.

    Encrypted values stay encrypted. A folder whose name ends in `.unfinished` belongs to an interrupted
    export.
    """
    from dataplatform.profiles.wide_export import ExportPlan

    plan = ExportPlan(rows_per_second)
    with stderr.status("exporting") as status:
        done = asyncio.run(
            _export(settings, out, plan, lambda rows: status.update(f"exporting: {rows:,} rows"))
        )
    say(f"{counted(done.rows, 'row')} in {counted(len(done.files), 'file')} of {done.folder}")


async def _export(
    settings: Settings, out: Path, plan: ExportPlan, progress: Callable[[int], None]
) -> WideExport:
    from app.bootstrap.platform import offline_platform, open_wide_store
    from dataplatform.profiles.wide_export import export_wide

    clock = parse_clock(settings.clock)
    if not settings.wide_hosts:
        async with offline_platform(settings, INSTEAD, needs=("wide",)) as open_:
            return await export_wide(open_.platform.wide, out, clock, plan, progress)
    store, close = open_wide_store(settings, clock)
    try:
        return await export_wide(store, out, clock, plan, progress)
    finally:
        close()
