"""A verdict in words that a person can redo on paper, in English and Brazilian Portuguese."""

from __future__ import annotations

from datetime import datetime, timedelta

from foundation.bilingual import Text
from foundation.quantities import (
    duration_text,
    localised,
    percent_text,
    rounded_percent_text,
    rounded_text,
    span_text,
)
from slo.judge.budget import BudgetStatus, Exhaustion
from slo.judge.burn_rate import TierBurn, WindowBurn
from slo.model.spec import CountUnit, Objective, Slo

NOUNS = {
    CountUnit.EVENTS: Text("events", "eventos"),
    CountUnit.SLICES: Text("minutes", "minutos"),
    CountUnit.RATIO_MINUTES: Text("millionths of minutes", "milionésimos de minuto"),
}


def _window(window: WindowBurn, slo: Slo) -> Text:
    noun, length = NOUNS[slo.unit], duration_text(window.window)
    if window.burn is None:
        return Text(f"no {noun.en} in {length}", f"nenhum dos {noun.pt} em {length}")
    bad, total, burn = window.counts.bad, window.counts.total, rounded_text(window.burn)
    return Text(
        f"{bad} of {total} {noun.en} bad in {length} (burn {burn}x)",
        f"{bad} de {total} {noun.pt} ruins em {length} (queima {localised(burn, 'pt')}x)",
    )


def _verdict(burn: TierBurn) -> Text:
    factor = rounded_text(burn.factor, 4)
    above = Text(f"both above {factor}x", f"ambas acima de {localised(factor, 'pt')}x")
    if burn.firing:
        return above
    if burn.active:
        after = span_text(burn.tier.alert_after)
        return Text(f"{above.en}, but not yet for {after}", f"{above.pt}, mas ainda não por {after}")
    if burn.burning:
        few, need, bad = burn.long.counts.total, burn.min_events, burn.long.counts.bad
        if few >= need:
            return Text(
                f"{above.en}, but {bad} bad are fewer than the {burn.min_bad_events} this alert asks for",
                f"{above.pt}, mas {bad} ruins são menos que os {burn.min_bad_events} que este alerta exige",
            )
        return Text(
            f"{above.en}, but {few} are fewer than the {need} this alert asks for",
            f"{above.pt}, mas {few} são menos que os {need} que este alerta exige",
        )
    return Text(f"not {above.en}", f"não {above.pt}")


def _gone(gone: Exhaustion | None) -> Text:
    if gone is None:
        return Text("it does not run out at this rate", "ele não se esgota neste ritmo")
    if gone.after == timedelta(0):
        return Text("it is exhausted", "ele está esgotado")
    point, early = span_text(gone.after), span_text(gone.earliest)
    late = Text("never", "nunca") if gone.latest is None else Text(*[span_text(gone.latest)] * 2)
    return Text(
        f"at this rate it is gone in {point} (95 % range: {early} to {late.en})",
        f"neste ritmo acaba em {point} (faixa de 95 %: {early} a {late.pt})",
    )


def explain_tier(
    slo: Slo, objective: Objective, burn: TierBurn, budget: BudgetStatus, gone: Exhaustion | None
) -> Text:
    """Both windows, the factor, what is spent and how that is known, when it is gone, how exact it is."""
    long, short = _window(burn.long, slo), _window(burn.short, slo)
    verdict, left = _verdict(burn), _gone(gone)
    promised = Text(percent_text(objective.budget), percent_text(objective.budget, "pt"))
    spent = Text(rounded_percent_text(budget.spent_ratio), rounded_percent_text(budget.spent_ratio, "pt"))
    bound = burn.long.counts.error_bound
    off = Text("", "")
    if bound is not None:
        off = Text(f"; these counts may be off by {bound}", f"; estas contagens podem errar por {bound}")
    return Text(
        f"{burn.tier.name}: {long.en}, {short.en}, {verdict.en}; budget {promised.en}, "
        f"{spent.en} of it spent ({budget.basis.en}); {left.en}{off.en}",
        f"{burn.tier.name}: {long.pt}, {short.pt}, {verdict.pt}; orçamento de {promised.pt}, "
        f"{spent.pt} dele gasto ({budget.basis.pt}); {left.pt}{off.pt}",
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
