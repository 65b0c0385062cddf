"""One objective as a reader sees it: state as colour and word, budget, burn, the last hour, what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from alarms.model.severity import Severity
from app.console import charts
from app.console.charts import BurnRow, Caption, MinuteBar
from app.console.visits import Reader, state_style
from dashboards.model.palette import State
from foundation.quantities import duration_text
from slo.judge.burn_rate import TierBurn
from slo.judge.status import ObjectiveState, ObjectiveStatus
from slo.ledger.ledger import Ledger, series_key
from slo.model.periods import MINUTE
from slo.model.spec import Slo

SPARK_MINUTES = 60
_PAGING = {Severity.P1, Severity.P2}


@dataclass(frozen=True, slots=True)
class ObjectiveView:
    """Texts and charts of one card, in the reader's language."""

    href: str
    slo_id: str
    name: str
    promise: str
    css: str
    symbol: str
    word: str
    since: str
    budget_left: str
    budget_chart: Markup
    budget_note: str
    burn_chart: Markup
    spark_chart: Markup
    spark_note: str
    exhaustion: str
    exhaustion_note: str
    counts: str
    accuracy: str
    warning: str


def objective_view(status: ObjectiveStatus, ledger: Ledger, reader: Reader) -> ObjectiveView:
    """Everything a card shows.

    Raises:
        LedgerError: the last hour's minutes cannot be read.
    """
    style = state_style(light_of(status), reader.language)
    spark, spark_note = last_hour(status, ledger, reader)
    exhaustion, exhaustion_note = exhaustion_text(status, reader)
    left = budget_left(status)
    budget_left_text = reader.formats.percent(left, 1)
    caption = Caption(reader.texts("card.budget"), reader.texts("card.budget_desc", left=budget_left_text))
    return ObjectiveView(
        href=f"/console/slo/{status.slo.id}",
        slo_id=status.slo.id,
        name=slo_text(status.slo, "display_name", reader.language),
        promise=promise(status, reader),
        css=style["css"],
        symbol=style["symbol"],
        word=reader.texts(f"state.{status.state.value}"),
        since=_since(status, reader),
        budget_left=budget_left_text,
        budget_chart=charts.budget_bar(left, light_of(status).value, caption),
        budget_note=_budget_note(status, reader),
        burn_chart=burn_chart(status, reader),
        spark_chart=spark,
        spark_note=spark_note,
        exhaustion=exhaustion,
        exhaustion_note=exhaustion_note,
        counts=counts_text(status, reader),
        accuracy=accuracy_text(status.error_bound, reader),
        warning=_warning(status, reader),
    )


def urgency(status: ObjectiveStatus) -> int:
    """Worst first: what fires, what is not known, what is calm."""
    order = (State.BAD, State.WARN, State.NO_DATA, State.NO_TRAFFIC, State.OK)
    return order.index(light_of(status))


def light_of(status: ObjectiveStatus) -> State:
    """The traffic light, as the rule engine sees it: red pages, amber tickets, grey is not known."""
    if status.state is ObjectiveState.BURNING:
        paging = any(Severity(tier.tier.severity) in _PAGING for tier in status.firing)
        return State.BAD if paging else State.WARN
    return {
        ObjectiveState.OK: State.OK,
        ObjectiveState.EXHAUSTED: State.BAD,
        ObjectiveState.NO_TRAFFIC: State.NO_TRAFFIC,
        ObjectiveState.NO_DATA: State.NO_DATA,
    }[status.state]


def slo_text(slo: Slo, key: str, language: str) -> str:
    """``display_name``, ``description``, ``total``, ``good`` or ``excluded``; English without another."""
    english = {"display_name": slo.display_name, "description": slo.description}
    said = "" if language == "en" else slo.texts.get(f"{key}_{language}", "")
    return said or english.get(key, "") or slo.texts.get(key, "")


def promise(status: ObjectiveStatus, reader: Reader) -> str:
    """``99.95 % of minutes · 30 d``, from the numbers, with the values of a grouped objective."""
    unit = reader.texts(f"unit.{status.slo.unit.value}", count="").strip()
    target = reader.formats.exact_percent(status.objective.target)
    text = reader.texts(
        "card.promise", target=target, unit=unit, period=duration_text(status.slo.window.length)
    )
    group = ", ".join(f"{name}={value}" for name, value in status.labels)
    return f"{text} · {group}" if group else text


def budget_left(status: ObjectiveStatus) -> float | None:
    """Share of the budget left; None when nothing has been counted in the period."""
    return float(status.budget.left_ratio) if status.counts.total > 0 else None


def burn_chart(status: ObjectiveStatus, reader: Reader) -> Markup:
    rows = [_burn_row(tier, reader) for tier in status.tiers]
    said = "; ".join(f"{row.label}: {row.long_text}, {row.short_text} ({row.factor_text})" for row in rows)
    caption = Caption(reader.texts("card.burn"), said)
    return charts.fitted(lambda width: charts.burn_rows(rows, reader.texts("card.threshold"), caption, width))


def _burn_row(tier: TierBurn, reader: Reader) -> BurnRow:
    long, short = duration_text(tier.long.window), duration_text(tier.short.window)
    long_burn, short_burn = tier.long.burn, tier.short.burn
    return BurnRow(
        label=reader.texts("card.tier_fires" if tier.firing else "card.tier", severity=tier.tier.severity),
        factor=float(tier.factor),
        factor_text=reader.texts("card.fires_above", factor=reader.formats.burn(tier.factor)),
        long_label=long,
        long_burn=None if long_burn is None else float(long_burn),
        long_text=reader.formats.burn(long_burn),
        short_label=short,
        short_burn=None if short_burn is None else float(short_burn),
        short_text=reader.formats.burn(short_burn),
        firing=tier.firing,
    )


def last_hour(status: ObjectiveStatus, ledger: Ledger, reader: Reader) -> tuple[Markup, str]:
    """Good and bad of each of the last sixty whole minutes, drawn and summed in words."""
    bars = hour_bars(status, ledger, reader)
    good, bad = sum(bar.good or 0 for bar in bars), sum(bar.bad or 0 for bar in bars)
    blind = sum(bar.good is None for bar in bars)
    note = reader.texts("card.spark_note", good=reader.formats.number(good), bad=reader.formats.number(bad))
    if blind:
        note += " · " + reader.texts.counted("card.spark_blind", blind)
    return charts.minute_bars(bars, Caption(reader.texts("card.spark"), note)), note


def hour_bars(status: ObjectiveStatus, ledger: Ledger, reader: Reader) -> list[MinuteBar]:
    key = series_key(status.slo, status.objective, status.environment, status.labels)
    end = status.period.now
    start = end - SPARK_MINUTES * MINUTE
    found = ledger.minutes(key, start, end)
    bars = []
    for minute in (start + i * MINUTE for i in range(SPARK_MINUTES)):
        counts = found.get(minute)
        label = reader.formats.clock(minute)
        bars.append(MinuteBar(label, counts.good, counts.bad) if counts else MinuteBar(label, None, None))
    return bars


def exhaustion_text(status: ObjectiveStatus, reader: Reader) -> tuple[str, str]:
    """When the budget runs out at the recent burn, and its range; or why that cannot be said."""
    texts, formats = reader.texts, reader.formats
    if status.state is ObjectiveState.NO_DATA:
        return texts("card.exhaustion_unknown"), ""
    if status.budget.exhausted:
        return texts("card.exhausted"), ""
    forecast = status.exhaustion
    if forecast is None:
        note = texts("card.nothing_failed", window=duration_text(status.recent.window))
        return texts("card.not_at_this_burn"), note
    latest = formats.duration(forecast.latest) if forecast.latest is not None else texts("card.never")
    note = texts(
        "card.exhaustion_note",
        window=duration_text(forecast.window),
        earliest=formats.duration(forecast.earliest),
        latest=latest,
    )
    return texts("card.exhaustion", after=formats.duration(forecast.after)), note


def counts_text(status: ObjectiveStatus, reader: Reader) -> str:
    number = reader.formats.number
    total = reader.texts(f"unit.{status.slo.unit.value}", count=number(status.counts.total))
    return reader.texts("card.counts", good=number(status.counts.good), total=total)


def accuracy_text(error_bound: int | None, reader: Reader) -> str:
    """``exact``, or how far off the counts may be."""
    if not error_bound:
        return reader.texts("card.exact")
    return reader.texts("card.off_by", bound=reader.formats.number(error_bound))


def _since(status: ObjectiveStatus, reader: Reader) -> str:
    if status.state is not ObjectiveState.NO_DATA:
        return ""
    if status.last_data is None:
        return reader.texts("card.never_data")
    last = status.last_data + MINUTE
    silent = max(timedelta(0), status.period.now - last)
    return reader.texts(
        "card.no_data_since", at=reader.formats.instant(last), silent=reader.formats.duration(silent)
    )


def _budget_note(status: ObjectiveStatus, reader: Reader) -> str:
    number, budget = reader.formats.number, status.budget
    basis = budget.basis.of(reader.language)
    places = 0 if budget.allowed >= 100 or budget.allowed.denominator == 1 else 1
    fields: Mapping[str, str] = {
        "spent": number(budget.spent),
        "allowed": number(budget.allowed, places),
        "unit": reader.texts(f"unit.{status.slo.unit.value}", count="").strip(),
    }
    return f"{reader.texts('card.budget_note', **fields)} ({basis})"


def _warning(status: ObjectiveStatus, reader: Reader) -> str:
    low = status.low_traffic
    if low is None:
        return ""
    return low.text.of(reader.language)
