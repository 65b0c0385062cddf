"""Facts and limits in words, in English and Portuguese. Percentages are rounded for reading only."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from credit.domain.decision import FactValue
from credit.domain.facts import Fact
from credit.domain.money import round_half_up
from credit.domain.policy import Comparator, Compare, Threshold
from credit.domain.reasons import Language
from foundation.bilingual import Text
from foundation.quantities import localised

_NOT_KNOWN = Text("not known", "não informado")
_UNITS: Mapping[str, tuple[Text, Text]] = {
    "months": (Text("month", "mês"), Text("months", "meses")),
    "years": (Text("year", "ano"), Text("years", "anos")),
    "days": (Text("day", "dia"), Text("days", "dias")),
    "points": (Text("point", "ponto"), Text("points", "pontos")),
}
_CHOICES: Mapping[str, Text] = {
    "MORTGAGE": Text("mortgaged", "financiada"),
    "OWN": Text("owned", "própria"),
    "RENT": Text("rented", "alugada"),
    "ACTIVE": Text("active", "ativo"),
    "BLOCKED": Text("blocked", "bloqueado"),
    "CLOSED": Text("closed", "encerrado"),
    "CAR": Text("car", "carro"),
    "CREDIT_CARD": Text("credit card", "cartão de crédito"),
    "DEBT_CONSOLIDATION": Text("debt consolidation", "consolidação de dívidas"),
    "EDUCATION": Text("education", "educação"),
    "HOME_IMPROVEMENT": Text("home improvement", "reforma"),
    "HOUSE": Text("house", "casa"),
    "MAJOR_PURCHASE": Text("major purchase", "compra de alto valor"),
    "MEDICAL": Text("medical", "saúde"),
    "MOVING": Text("moving", "mudança"),
    "OTHER": Text("other", "outra"),
    "RENEWABLE_ENERGY": Text("renewable energy", "energia renovável"),
    "SMALL_BUSINESS": Text("small business", "pequeno negócio"),
    "VACATION": Text("vacation", "viagem"),
}
# What must hold for a comparison not to be true, and (second) for it to be true.
_LIMITS: Mapping[Comparator, tuple[Text, Text]] = {
    Comparator.ABOVE: (Text("at most {}", "no máximo {}"), Text("above {}", "acima de {}")),
    Comparator.AT_MOST: (Text("above {}", "acima de {}"), Text("at most {}", "no máximo {}")),
    Comparator.BELOW: (Text("at least {}", "no mínimo {}"), Text("below {}", "abaixo de {}")),
    Comparator.AT_LEAST: (Text("below {}", "abaixo de {}"), Text("at least {}", "no mínimo {}")),
    Comparator.EQUALS: (Text("other than {}", "diferente de {}"), Text("{}", "{}")),
    Comparator.NOT_EQUALS: (Text("{}", "{}"), Text("other than {}", "diferente de {}")),
    Comparator.ONE_OF: (Text("none of {}", "nenhum de {}"), Text("one of {}", "um de {}")),
}


def money_text(cents: int, language: Language) -> str:
    """``R$ 1,234.56``; in Portuguese ``R$ 1.234,56``."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    written = f"{whole:,}.{part:02d}"
    return f"{sign}R$ {localised(written, language)}"


def percent_text(ratio: Fraction, language: Language) -> str:
    """A ratio as a percentage with at most two decimals, halves up: ``45.3 %``."""
    hundredths = round_half_up(ratio * 10_000)
    sign, size = ("-" if hundredths < 0 else ""), abs(hundredths)
    written = f"{size // 100:,}.{size % 100:02d}".rstrip("0").rstrip(".")
    return f"{sign}{localised(written, language)} %"


def fact_text(fact: Fact, value: FactValue, language: Language) -> str:
    """A fact's value for people; a missing one says so."""
    if value is None:
        return _NOT_KNOWN.of(language)
    if isinstance(value, str):
        known = _CHOICES.get(value)
        return value if known is None else known.of(language)
    if fact.unit == "cents":
        return money_text(int(value), language)
    if fact.unit == "ratio":
        return percent_text(Fraction(value), language)
    if fact.unit == "basis_points":
        return percent_text(Fraction(value) / 10_000, language)
    return _counted(int(value), fact.unit, language)


def _counted(value: int, unit: str, language: Language) -> str:
    words = _UNITS.get(unit)
    return str(value) if words is None else f"{value} {words[value != 1].of(language)}"


def limit_text(comparison: Compare, fact: Fact, language: Language, *, must_hold: bool) -> str:
    """The bound a comparison sets, as what must hold: of ``above 0.45`` that is ``at most 45 %``.

    ``must_hold`` asks for the comparison itself instead of its opposite (it stood under a ``not``).
    """
    values = ", ".join(_threshold_text(fact, value, language) for value in comparison.thresholds)
    return _LIMITS[comparison.operator][must_hold].of(language).format(values)


def _threshold_text(fact: Fact, value: Threshold, language: Language) -> str:
    return fact_text(fact, value, language)
