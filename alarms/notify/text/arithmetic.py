"""Why a burn alert fired, in numbers that a reader can redo."""

from __future__ import annotations

from alarms.model.alert import BurnArithmetic
from foundation.bilingual import Text
from foundation.quantities import localised

WINDOWS = Text(
    "Objective {objective}. Burn {long} over {long_window} ({long_bad} bad of {long_total}) and {short} over "
    "{short_window} ({short_bad} bad of {short_total}); fires above {factor} in both.",
    "Objetivo {objective}. Queima {long} em {long_window} ({long_bad} ruins de {long_total}) e {short} em "
    "{short_window} ({short_bad} ruins de {short_total}); dispara acima de {factor} nas duas janelas.",
)
BUDGET = Text("Budget left {left} ({basis}); {end}", "Orçamento de erro restante {left} ({basis}); {end}")
LASTS = Text("it will last at this burn rate.", "neste ritmo, não se esgota.")
SPENT = Text("it is already spent.", "está esgotado.")
GONE = Text("gone in {0} h at this burn rate.", "neste ritmo, esgota-se em {0} h.")
EXACT = Text("Counts are exact.", "As contagens são exatas.")
BOUND = Text("Counts may be off by {0} events.", "As contagens podem ter erro de até {0} eventos.")


def arithmetic(burn: BurnArithmetic | None, language: str) -> list[str]:
    if burn is None:
        return []
    windows = WINDOWS.of(language).format(
        objective=localised(burn.objective, language),
        factor=localised(burn.factor, language),
        long=localised(f"{burn.long_burn:.2f}", language),
        short=localised(f"{burn.short_burn:.2f}", language),
        long_window=burn.long_window,
        short_window=burn.short_window,
        long_bad=burn.long_total - burn.long_good,
        short_bad=burn.short_total - burn.short_good,
        long_total=burn.long_total,
        short_total=burn.short_total,
    )
    budget = BUDGET.of(language).format(
        left=localised(f"{1 - burn.budget_spent_ratio:.1%}", language),
        basis=(burn.budget_basis_pt if language == "pt" else "") or burn.budget_basis,
        end=_exhaustion(burn, language),
    )
    bound = burn.error_bound
    return [windows, budget, EXACT.of(language) if bound is None else BOUND.of(language).format(bound)]


def _exhaustion(burn: BurnArithmetic, language: str) -> str:
    if burn.exhaustion_seconds is None:
        return LASTS.of(language)
    if burn.exhaustion_seconds <= 0:
        return SPENT.of(language)
    return GONE.of(language).format(localised(f"{burn.exhaustion_seconds / 3600:.1f}", language))
