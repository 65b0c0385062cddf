"""One objective in full: what is counted, the budget over the period, every tier with its arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from markupsafe import Markup

from app.console import charts
from app.console.burn_down import Tick, burn_down
from app.console.charts import Caption
from app.console.drift_view import DriftLine, drift_line
from app.console.incident_view import incident_view
from app.console.objective_view import (
    ObjectiveView,
    accuracy_text,
    objective_view,
    slo_text,
)
from app.console.ports import ConsoleDependencies
from app.console.runbooks import runbook_of
from app.console.visits import Reader
from foundation.quantities import duration_text
from slo.judge.burn_rate import TierBurn, WindowBurn
from slo.judge.status import ObjectiveStatus
from slo.judge.worst import worst_groups
from slo.ledger.exclusions import clip
from slo.ledger.ledger import Counts, Ledger, series_key
from slo.model.periods import MINUTE
from slo.model.spec import Slo

STEPS = 120
BESIDE = timedelta(days=1)
_TERMS = ("total", "good", "excluded")


@dataclass(frozen=True, slots=True)
class WindowRow:
    """One look-back window as ``bad / total / budget = burn``."""

    window: str
    formula: str
    above: bool | None


@dataclass(frozen=True, slots=True)
class TierRow:
    name: str
    severity: str
    css: str
    factor: str
    derivation: str
    windows: tuple[WindowRow, ...]
    verdict: str
    firing: bool


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio over the period with its counts: time beside events."""

    label: str
    value: str
    counts: str


@dataclass(frozen=True, slots=True)
class ObjectivePanel:
    view: ObjectiveView
    burn_down: Markup
    burn_down_note: str
    tiers: tuple[TierRow, ...]
    ratios: tuple[Ratio, ...]
    recorded: DriftLine | None


def objective_page(deps: ConsoleDependencies, slo_id: str, reader: Reader) -> dict[str, object]:
    """Everything about one SLO.

    Raises:
        UnknownSlo: no definition has this id.
        SloError: the ledger cannot be read.
    """
    slo = deps.catalogue.slo(slo_id)
    shown = worst_groups(status for status in deps.statuses() if status.slo.id == slo_id)
    history = [incident for incident in deps.desk.incidents(limit=500) if incident.slo_id == slo_id]
    language = reader.language
    return {
        "slo_id": slo_id,
        "name": slo_text(slo, "display_name", language),
        "description": slo_text(slo, "description", language),
        "terms": [(term, slo_text(slo, term, language)) for term in _TERMS],
        "panels": [_panel(deps, status, reader) for status in shown.statuses],
        "hidden": [hidden.of(language) for hidden in shown.hidden],
        "history": [incident_view(deps, incident, reader) for incident in history[:20]],
        "runbook": runbook_of(deps, slo_id),
        "queries": queries_of(slo),
        "source": slo.source_file,
        "revision": slo.revision,
    }


def queries_of(slo: Slo) -> list[tuple[str, str]]:
    """``(part, query)`` of the indicator as written in the definition."""
    parts = [(part, getattr(slo.indicator, part, None)) for part in ("good", "bad", "total", "raw", "metric")]
    return [(part, metric.query) for part, metric in parts if metric is not None]


def _panel(deps: ConsoleDependencies, status: ObjectiveStatus, reader: Reader) -> ObjectivePanel:
    points, start = burn_down_points(status, deps.ledger)
    ticks = _ticks(start, status.period.now, reader)
    left = reader.formats.percent(points[-1][1] if points else None, 1)
    note = reader.texts("detail.burn_down_note", start=reader.formats.instant(start), left=left)
    caption = Caption(reader.texts("detail.burn_down"), note)
    zero, full = reader.formats.percent(0, 0), reader.formats.percent(1, 0)

    def drawn(width: float) -> Markup:
        return burn_down(points, ticks, caption, width, zero_label=zero, full_label=full)

    return ObjectivePanel(
        view=objective_view(status, deps.ledger, reader),
        burn_down=charts.fitted(drawn),
        burn_down_note=note,
        tiers=tuple(_tier_row(tier, status, reader) for tier in status.tiers),
        ratios=_ratios(deps, status, reader),
        recorded=drift_line(deps.drift(), status, deps.clock.now(), reader),
    )


def burn_down_points(
    status: ObjectiveStatus, ledger: Ledger
) -> tuple[list[tuple[float, float | None]], datetime]:
    """Budget left at up to 120 instants of the period, and the instant drawn at the left edge.

    Each point is one less the bad events counted since the period began over those the whole period allows;
    ``None`` where a stretch has no data. Excluded minutes are taken out, as in the status.
    """
    start, end = status.period.start, status.period.now
    if status.first_data is not None:
        # In the first minute, and where another clock wrote counts ahead of this one, a minute is drawn.
        start = min(max(start, status.first_data), end - MINUTE)
    minutes = max(1, (end - start) // MINUTE)
    edges = [start + MINUTE * (minutes * i // min(STEPS, minutes)) for i in range(min(STEPS, minutes) + 1)]
    stretches = list(pairwise(edges))
    allowed, spent = status.budget.allowed, 0
    points: list[tuple[float, float | None]] = [(0.0, 1.0)] if status.counts.total else []
    for (_, edge), counts in zip(stretches, _counted(status, ledger, stretches), strict=True):
        spent += counts.bad
        left = 1.0 if not allowed else float(1 - Fraction(spent) / allowed)
        points.append(((edge - start) / (end - start), left if counts.has_data else None))
    return points, start


def _counted(
    status: ObjectiveStatus, ledger: Ledger, stretches: Sequence[tuple[datetime, datetime]]
) -> list[Counts]:
    key = series_key(status.slo, status.objective, status.environment, status.labels)
    holes = [clip(status.excluded, begin, end) for begin, end in stretches]
    whole = [(key, begin, end) for begin, end in stretches]
    answers = iter(ledger.counts_many(whole + [(key, *hole) for found in holes for hole in found]))
    counted = [next(answers) for _ in stretches]
    return [
        _less(counts, [next(answers) for _ in found]) for counts, found in zip(counted, holes, strict=True)
    ]


def _less(whole: Counts, holes: Sequence[Counts]) -> Counts:
    good = whole.good - sum(hole.good for hole in holes)
    total = whole.total - sum(hole.total for hole in holes)
    return Counts(good, total, whole.minutes_with_data, whole.minutes, whole.error_bound)


def _ticks(start: datetime, end: datetime, reader: Reader) -> list[Tick]:
    long = end - start >= timedelta(days=2)
    texts = []
    for share in (0.0, 1 / 3, 2 / 3, 1.0):
        at = start + (end - start) * share
        texts.append(Tick(share, reader.formats.day(at) if long else reader.formats.clock(at)))
    return texts


def _tier_row(tier: TierBurn, status: ObjectiveStatus, reader: Reader) -> TierRow:
    formats, period = reader.formats, status.slo.window.length
    share, long = formats.exact_percent(tier.tier.budget_share), duration_text(tier.tier.long_window)
    derivation = f"{share} × {duration_text(period)} ÷ {long} = {formats.burn(tier.factor)}"
    return TierRow(
        name=tier.tier.name,
        severity=tier.tier.severity,
        css=tier.tier.severity.lower(),
        factor=formats.burn(tier.factor),
        derivation=derivation,
        windows=tuple(window_row(window, tier.factor, reader) for window in (tier.long, tier.short)),
        verdict=reader.texts(_verdict(tier)),
        firing=tier.firing,
    )


def window_row(window: WindowBurn, factor: Fraction, reader: Reader) -> WindowRow:
    formats, counts = reader.formats, window.counts
    name = duration_text(window.window)
    if window.burn is None:
        return WindowRow(name, reader.texts("detail.no_events"), None)
    bad, total = formats.number(counts.bad), formats.number(counts.total)
    formula = f"{bad} ÷ {total} ÷ {formats.exact_percent(window.budget)} = {formats.burn(window.burn)}"
    if counts.error_bound:
        formula += f" ({accuracy_text(counts.error_bound, reader)})"
    return WindowRow(name, formula, window.exceeds(factor))


def _verdict(tier: TierBurn) -> str:
    if tier.firing:
        return "detail.fires" if tier.certain else "detail.fires_uncertain"
    if tier.burning:
        return "detail.too_few"
    return "detail.quiet"


def _ratios(deps: ConsoleDependencies, status: ObjectiveStatus, reader: Reader) -> tuple[Ratio, ...]:
    """Both over the same last day, so that they can be compared."""
    end = status.period.now
    start = end - BESIDE
    beside = None if deps.beside is None else deps.beside(status.slo, start, end)
    if beside is None:
        return ()
    key = series_key(status.slo, status.objective, status.environment, status.labels)
    unit = status.slo.unit.value
    return (
        _ratio(reader.texts(f"detail.ratio.{unit}"), deps.ledger.counts(key, start, end), unit, reader),
        _ratio(reader.texts("detail.ratio.beside"), beside, "events", reader),
    )


def _ratio(label: str, counts: Counts, unit: str, reader: Reader) -> Ratio:
    number = reader.formats.number
    value = Fraction(counts.good, counts.total) if counts.total > 0 else None
    total = reader.texts(f"unit.{unit}", count=number(counts.total))
    return Ratio(
        label,
        reader.formats.percent(value, 3),
        reader.texts("card.counts", good=number(counts.good), total=total),
    )
