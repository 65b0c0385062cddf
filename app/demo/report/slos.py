"""The part of a demo report about the promises: what the ledger counted beside what the sender did."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from app.console import charts
from app.console.charts import Caption
from app.console.formats import Formats
from app.console.languages import Texts
from app.demo.report.model import SloFacts
from dashboards.model.palette import STATES, State


@dataclass(frozen=True, slots=True)
class SloCard:
    name: str
    slo_id: str
    promise: str
    css: str
    symbol: str
    word: str
    reality: str
    counts: str
    accuracy: str
    sender: str
    sender_css: str
    budget_left: str
    budget_chart: Markup


def slo_card(slo: SloFacts, texts: Texts, formats: Formats) -> SloCard:
    """Counts, how exact they are, and whether the sender counted the same."""
    style = STATES[State(slo.state)]
    left = formats.percent(slo.budget_left_ratio, 1)
    total = texts(f"unit.{slo.unit}", count=formats.number(slo.total))
    reality = slo.good / slo.total if slo.total else None
    sender, sender_css = _sender(slo, texts, formats)
    caption = Caption(texts("card.budget"), texts("card.budget_desc", left=left))
    exact = not slo.error_bound
    bound = formats.number(slo.error_bound)
    return SloCard(
        name=slo.name.of(texts.language),
        slo_id=slo.slo_id,
        promise=texts("report.promised", target=formats.exact_percent(slo.target)),
        css=slo.state.replace("_", "-"),
        symbol=style.symbol,
        word=style.text(texts.language),
        reality=formats.percent(reality, 3),
        counts=texts("card.counts", good=formats.number(slo.good), total=total),
        accuracy=texts("card.exact") if exact else texts("card.off_by", bound=bound),
        sender=sender,
        sender_css=sender_css,
        budget_left=left,
        budget_chart=charts.budget_bar(slo.budget_left_ratio, slo.state, caption),
    )


def _sender(slo: SloFacts, texts: Texts, formats: Formats) -> tuple[str, str]:
    if slo.sender_total is None or slo.sender_good is None:
        return texts("report.sender_unknown"), "muted"
    same = (slo.sender_good, slo.sender_total) == (slo.good, slo.total)
    key = "report.sender_same" if same else "report.sender_differs"
    good, total = formats.number(slo.sender_good), formats.number(slo.sender_total)
    return texts(key, good=good, total=total), "c-ok" if same else "c-bad"
