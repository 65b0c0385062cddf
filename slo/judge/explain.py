"""A verdict in words that a person can redo on paper, in English and Brazilian Portuguese."""

from __future__ import annotations

from datetime import datetime, timedelta

from foundation.bilingual import Text
from foundation.quantities import duration_text, rounded_percent_text, rounded_text, span_text
from slo.judge.budget import BudgetStatus, Exhaustion
from slo.judge.burn_rate import TierBurn, WindowBurn
from slo.model.spec import CountUnit, Objective, Slo

NOUNS = {
    CountUnit.EVENTS: ("events", "eventos"),
    CountUnit.SLICES: ("minutes", "minutos"),
    CountUnit.RATIO_MINUTES: ("millionths of minutes", "milionésimos de minuto"),
}


def _window(window: WindowBurn, slo: Slo) -> tuple[str, str]:
    noun, noun_pt = NOUNS[slo.unit]
    length = duration_text(window.window)
    if window.burn is None:
        return f"no {noun} in {length}", f"nenhum dos {noun_pt} em {length}"
    bad, total, burn = window.counts.bad, window.counts.total, rounded_text(window.burn)
    return (
        f"{bad} of {total} {noun} bad in {length} (burn {burn}x)",
        f"{bad} de {total} {noun_pt} ruins em {length} (queima {burn.replace('.', ',')}x)",
    )


def _verdict(burn: TierBurn) -> tuple[str, str]:
    factor = rounded_text(burn.factor, 4)
    factor_pt = factor.replace(".", ",")
    if burn.firing:
        return f"both above {factor}x", f"ambas acima de {factor_pt}x"
    if burn.active:
        return (
            f"both above {factor}x, but not yet for {span_text(burn.tier.alert_after)}",
            f"ambas acima de {factor_pt}x, mas ainda não por {span_text(burn.tier.alert_after)}",
        )
    if burn.burning:
        few, need = burn.long.counts.total, burn.min_events
        return (
            f"both above {factor}x, but {few} are fewer than the {need} this alert asks for",
            f"ambas acima de {factor_pt}x, mas {few} são menos que os {need} que este alerta exige",
        )
    return f"not both above {factor}x", f"não ambas acima de {factor_pt}x"


def _gone(gone: Exhaustion | None) -> tuple[str, str]:
    if gone is None:
        return "it does not run out at this rate", "ele não se esgota neste ritmo"
    if gone.after == timedelta(0):
        return "it is exhausted", "ele está esgotado"
    point, early = span_text(gone.after), span_text(gone.earliest)
    late = "never" if gone.latest is None else span_text(gone.latest)
    late_pt = "nunca" if gone.latest is None else span_text(gone.latest)
    return (
        f"at this rate it is gone in {point} (95 % range: {early} to {late})",
        f"neste ritmo acaba em {point} (faixa de 95 %: {early} a {late_pt})",
    )


def explain_tier(
    slo: Slo, objective: Objective, burn: TierBurn, budget: BudgetStatus, gone: Exhaustion | None
) -> Text:
    """Both windows, the factor, what is spent and how that is known, when it is gone, how exact it is."""
    (long, long_pt), (short, short_pt) = _window(burn.long, slo), _window(burn.short, slo)
    (verdict, verdict_pt), (left, left_pt) = _verdict(burn), _gone(gone)
    spent, ratio = budget.spent_ratio, objective.budget
    budget_pt, spent_pt = (rounded_percent_text(value, "pt") for value in (ratio, spent))
    bound = burn.long.counts.error_bound
    off = "" if bound is None else f"; these counts may be off by {bound}"
    off_pt = "" if bound is None else f"; estas contagens podem errar por {bound}"
    return Text(
        f"{burn.tier.name}: {long}, {short}, {verdict}; budget {rounded_percent_text(ratio)}, "
        f"{rounded_percent_text(spent)} of it spent ({budget.basis}); {left}{off}",
        f"{burn.tier.name}: {long_pt}, {short_pt}, {verdict_pt}; orçamento de {budget_pt}, "
        f"{spent_pt} dele gasto ({budget.basis_pt}); {left_pt}{off_pt}",
    )


def explain_no_data(slo: Slo, last_minute: datetime | None, silence: timedelta | None) -> Text:
    limit = span_text(slo.no_data_after)
    if last_minute is None:
        return Text(
            f"{slo.id}: no data has ever arrived (expected within {limit}): not quiet, but unknown",
            f"{slo.id}: nunca chegou dado algum (esperado em até {limit}): não é calma, é desconhecido",
        )
    lasted = span_text(silence or timedelta(0))
    seen = last_minute.strftime("%Y-%m-%d %H:%M UTC")
    return Text(
        f"{slo.id}: no data for {lasted}, last seen {seen}; expected at least every {limit}",
        f"{slo.id}: sem dados há {lasted}, vistos por último em {seen}; esperados ao menos a cada {limit}",
    )
