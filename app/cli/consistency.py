"""``mirante consistency``: do Aurora, DynamoDB and Keyspaces (here: their embedded stores) say the same?"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from app.bootstrap.paths import paths_in
from app.cli.context import (
    age_text,
    echo_json,
    fields_of,
    json_option,
    pass_settings,
    plain_table,
    say,
    stderr,
    stdout,
)
from app.settings import Settings
from dataplatform.consistency.plan import CheckPlan
from foundation.clock import parse_clock
from foundation.exit_status import ExitStatus

if TYPE_CHECKING:
    from dataplatform.consistency.monitor import Round
    from dataplatform.consistency.report import LatestCheck, PairReport

PAIRS = ("relational-hot", "relational-wide")
SHOWN = 20  # differences named one by one
INSTEAD = (
    "It compares and repairs by itself: `mirante consistency report` shows its newest results. "
    "To check by hand, stop it first"
)
PAIR = click.option("--pair", type=click.Choice(PAIRS), help="Only this pair.  [default: both]")
SAMPLE = click.option(
    "--sample",
    type=click.IntRange(1, 1_000_000),
    default=CheckPlan().sample,
    show_default=True,
    help="Random records of the source to compare, and as many from the projection.",
)


@click.group()
def consistency() -> None:
    """Compare the stores with the source of truth."""


@consistency.command()
@PAIR
@SAMPLE
@click.option(
    "--repair/--no-repair", default=False, show_default=True, help="Repair up to 100 records per pair."
)
@json_option
@pass_settings
def check(settings: Settings, pair: str | None, sample: int, repair: bool, as_json: bool) -> None:
    """Compare the stores now, while the data side is stopped; the result is stored and counted.

    Exit status: 0 they agree (or were repaired), 1 they differ, 3 the data side runs, or there is nothing to
    compare.
    """
    _run(settings, pair, sample, 100 if repair else None, as_json)


@consistency.command()
@PAIR
@SAMPLE
@click.option(
    "--cap",
    type=click.IntRange(1, 1_000_000),
    default=100,
    show_default=True,
    help="Most records that a repair may touch; if more differ, it touches none.",
)
@json_option
@pass_settings
def repair(settings: Settings, pair: str | None, sample: int, cap: int, as_json: bool) -> None:
    """Compare the stores, then repair differences from the source of truth; the audit trail lists them.

    Exit status: 0 they agree now, 1 the repair was refused (more than --cap), 3 the data side runs, or
    there is nothing to compare.
    """
    _run(settings, pair, sample, cap, as_json)


@consistency.command()
@json_option
@pass_settings
def report(settings: Settings, as_json: bool) -> None:
    """Show the newest result of each pair, with its confidence bound and age. Works while the server runs."""
    from dataplatform.stores.sqlite.check_log import latest_checks

    readings = latest_checks(paths_in(settings).consistency)
    now = parse_clock(settings.clock).now()
    if as_json:
        echo_json([_reading_document(reading) for reading in readings])
        return
    if not readings:
        say(f"{settings.data_dir} has no check on file. Run `mirante up`, or `mirante consistency check`.")
        return
    table = plain_table("pair", "index", "surely above", "different", "compared", "measured")
    for reading in readings:
        table.add_row(
            reading.pair,
            _ratio(reading.index_ratio),
            _short_bound(reading),
            f"{reading.divergent:,}",
            f"{reading.compared:,}",
            age_text(reading.measured_at, now),
        )
    stdout.print(table)
    for reading in readings:
        _print_more(reading, now)


def _print_more(reading: LatestCheck, now: datetime) -> None:
    covered = "not yet" if reading.covered_since is None else age_text(reading.covered_since, now)
    say(f"{reading.pair}: everything compared: {covered}")
    counts = ", ".join(f"{count:,} {name}" for name, count in reading.by_class.items() if count)
    if counts:
        say(f"{reading.pair}: {counts}")
    seen = [name.replace("_", " ") for name, is_seen in reading.patterns.items() if is_seen]
    if seen:
        say(f"{reading.pair}: anomalous: {', '.join(seen)}", "red")


def _run(settings: Settings, pair: str | None, sample: int, cap: int | None, as_json: bool) -> None:
    with stderr.status("opening the stores") as status:
        rounds = asyncio.run(_rounds(settings, pair, sample, cap, status.update))
    if as_json:
        echo_json([_document(item) for item in rounds])
    else:
        for item in rounds:
            _print(item)
    if any(item.report.divergent and item.repaired is None for item in rounds):
        raise SystemExit(ExitStatus.NO)


async def _rounds(
    settings: Settings, pair: str | None, sample: int, cap: int | None, progress: Callable[[str], None]
) -> Sequence[Round]:
    from app.bootstrap.platform import offline_platform
    from dataplatform.consistency.monitor import compared
    from dataplatform.profiles import workers

    # Nobody else writes while the directory is ours, so nothing needs time to settle.
    plan = CheckPlan(sample=sample, settle_seconds=0.0, full_every_seconds=0.0)
    async with offline_platform(settings, INSTEAD) as open_:
        watched = workers.watched_pairs(
            open_.platform, open_.telemetry, open_.clock, open_.random, plan=plan, repair_cap=cap or 0
        )
        rounds = []
        for item in watched:
            if pair in (None, item.checker.pair):
                told = _told(progress, item.checker.pair)
                rounds.append(
                    await compared(item, open_.platform.check_log, repair=cap is not None, progress=told)
                )
        return rounds


def _told(progress: Callable[[str], None], pair: str) -> Callable[[int], None]:
    """A running count of the records read."""
    read = itertools.count()
    total = [0]

    def more(records: int) -> None:
        total[0] += records
        if next(read) % 10 == 0:
            progress(f"comparing {pair}: {total[0]:,} records read")

    return more


def _print(item: Round) -> None:
    found = item.report
    say(
        f"{found.pair}: {found.compared:,} compared, {found.divergent:,} different; index "
        f"{_ratio(found.index_ratio)}, {_certainty(found)}",
        "green" if not found.divergent else "red",
    )
    if found.in_flight:
        say(f"  {found.in_flight:,} in flight: their changes are not projected yet, so they are not judged")
    for name, count in found.divergent_by_class.items():
        if count:
            say(f"  {count:,} {name}")
    for difference in found.differences[:SHOWN]:
        say(f"    {difference.divergence.value}: {difference.source.kind} {difference.source.key}")
    if found.divergent > SHOWN:
        say(f"    and {found.divergent - SHOWN:,} more")
    _print_repair(item)


def _print_repair(item: Round) -> None:
    if item.repaired is not None:
        done = item.repaired
        say(
            f"  repaired: {done.written:,} written, {done.removed:,} removed, {done.settled:,} "
            "already correct"
        )
    elif item.refused is not None:
        say(f"  not repaired: {item.refused}", "red")
    elif item.report.divergent:
        say("  nothing was changed; `mirante consistency repair` repairs them from the source of truth")


def _ratio(value: float | None) -> str:
    return "unknown" if value is None else _floor(value)


def _bound(value: float | None, confidence: float) -> str:
    return "no bound" if value is None else f"above {_floor(value)} with {100 * confidence:.0f} % confidence"


def _short_bound(reading: LatestCheck) -> str:
    if reading.lower_bound_ratio is None:
        return "no bound"
    return f"{_floor(reading.lower_bound_ratio)} ({100 * reading.confidence:.0f} %)"


def _certainty(found: PairReport) -> str:
    if found.deep_complete:
        return "every record was compared"
    bound = _bound(found.lower_bound_ratio, found.confidence)
    if found.coverage_ratio >= 1.0:
        return f"{bound}; every record was compared by its digest"
    return f"{bound}; {100 * found.coverage_ratio:.1f} % of all records were compared"


def _floor(value: float) -> str:
    """Rounded downwards: a bound never promises more than was found."""
    return f"{int(value * 1_000_000) / 10_000:.4f} %"


def _reading_document(reading: LatestCheck) -> dict[str, object]:
    return {
        **fields_of(reading, "by_class"),
        "divergent_by_class": reading.by_class,
        "patterns": [name for name, is_seen in reading.patterns.items() if is_seen],
    }


def _document(item: Round) -> dict[str, object]:
    found, done = item.report, item.repaired
    return {
        "pair": found.pair,
        "checked_at": found.checked_at,
        "compared": found.compared,
        "divergent": found.divergent,
        "divergent_by_class": found.divergent_by_class,
        "in_flight": found.in_flight,
        "coverage_ratio": found.coverage_ratio,
        "index_ratio": found.index_ratio,
        "lower_bound_ratio": found.lower_bound_ratio,
        "confidence": found.confidence,
        "repaired": None if done is None else fields_of(done, "pair"),
        "refused": item.refused,
    }
