"""Windows against what the metrics store keeps and how often the indicator moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from foundation.quantities import duration_text, parse_duration
from slo.lint.finding import Finding, error, warning
from slo.lint.surroundings import LintSurroundings
from slo.model.entities import DataSource
from slo.model.spec import Slo
from slo.prometheus.counts import counts_over_window, slice_window


def check_windows(slo: Slo, around: LintSurroundings, sources: tuple[DataSource, ...]) -> Iterator[Finding]:
    yield from _retention(slo, _kept(around, sources))
    if slo.refresh_interval is not None:
        yield from _refresh(slo, slo.refresh_interval)
    if not slo.window.is_rolling:
        unit, length = slo.window.calendar_unit, duration_text(slo.window.length)
        reason = f"Prometheus shows the last {length}; only the ledger counts the calendar {unit}"
        yield warning(
            slo, "calendar-window", "timeWindow", reason, "Read the budget from `mirante slo status`."
        )


def _kept(around: LintSurroundings, sources: tuple[DataSource, ...]) -> timedelta | None:
    written = [_retention_of(source.connection) for source in sources if source.type.lower() == "prometheus"]
    known = [kept for kept in written if kept is not None]
    return min(known) if known else around.retention


def _retention_of(connection: Mapping[str, object]) -> timedelta | None:
    return parse_duration(str(connection.get("retention", ""))) or None


def _retention(slo: Slo, kept: timedelta | None) -> Iterator[Finding]:
    if kept is None:
        return
    windows = {"timeWindow": slo.window.length} | {f"tier {t.name}": t.long_window for t in slo.tiers}
    for field, window in windows.items():
        if window > kept:
            reason = (
                f"{duration_text(window)} is longer than the {duration_text(kept)} for which samples are kept"
            )
            yield error(slo, "beyond-retention", field, reason, "Keep samples longer, or shorten the window.")


def _refresh(slo: Slo, refresh: timedelta) -> Iterator[Finding]:
    """A range needs two readings; a window shorter than that is mostly empty."""
    shown = duration_text(refresh)
    for tier in slo.tiers:
        if tier.short_window < refresh:
            reason = f"its window of {duration_text(tier.short_window)} is shorter than the {shown} refresh"
            fix = "Use windows of at least twice the refresh interval."
            yield error(slo, "faster-than-refresh", f"tier {tier.name}", reason, fix)
        elif tier.short_window < 2 * refresh and counts_over_window(slo):
            reason = (
                f"its window of {duration_text(tier.short_window)} holds fewer than two readings ({shown})"
            )
            fix = "Use windows of at least twice the refresh interval."
            yield warning(slo, "faster-than-refresh", f"tier {tier.name}", reason, fix)
    for objective in slo.objectives:
        if objective.time_slice_window and slice_window(slo, objective) < refresh:
            reason = f"slices are shorter than the {shown} refresh"
            yield error(slo, "faster-than-refresh", "timeSliceWindow", reason, "Use longer slices.")
    if slo.no_data_severity and slo.no_data_after < refresh:
        reason = f"{duration_text(slo.no_data_after)} without data is normal at a refresh of {shown}"
        yield warning(
            slo, "faster-than-refresh", "mirante.dev/no-data-after", reason, "Allow for two readings."
        )
