"""The indicator alarms that ship: derived from the catalogue, so that a target is written once.

Thresholds come from an SLO, from a capacity, or from history; ``basis`` says which (§3.5.3, ALM-1).
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alarms.indicator import Comparison, Indicator, Measure
from alarms.policy import Text
from alarms.severity import Severity
from exporters import saturation
from slo.catalogue import Catalogue

SATURATION_WARN = Fraction(8, 10)
SATURATION_BAD = Fraction(9, 10)
PROVABLE_BOUND = Fraction(99, 100)
MAX_READING_AGE_SECONDS = Fraction(15 * 60)
MAX_INGEST_LAG_SECONDS = Fraction(60)
MAX_AUTH_FAILURES = Fraction(100)
MAX_THROTTLED = Fraction(500)
CONSISTENCY_SLO = "data-consistency"

_CAPACITY = Text("capacity: the resource is full at 100 %", "capacidade: o recurso se esgota em 100 %")
_ANY = Text("any one is a fault to look into", "qualquer ocorrência é uma falha a investigar")


def indicators(catalogue: Catalogue) -> tuple[Indicator, ...]:
    """Every indicator alarm of the catalogue, in name order."""
    found = [*_saturation(), *_consistency(catalogue), *_ingestion(), *_security(), *_watching_ourselves()]
    return tuple(sorted(found, key=lambda indicator: indicator.name))


def _saturation() -> list[Indicator]:
    common = {"metric": saturation.SATURATION, "measure": Measure.HIGHEST, "comparison": Comparison.ABOVE}
    by = ("component", "resource")
    return (
        [
            Indicator(
                "ComponentSaturationHigh",
                Text("A resource is nearly full", "Um recurso está quase esgotado"),
                saturation.SATURATION,
                Measure.HIGHEST,
                Comparison.ABOVE,
                SATURATION_BAD,
                timedelta(minutes=10),
                Severity.P2,
                "platform",
                "saturation",
                _CAPACITY,
                by=by,
                category="saturation",
            ),
            Indicator(
                "ComponentSaturationRising",
                Text("A resource is filling up", "Um recurso está se esgotando"),
                saturation.SATURATION,
                Measure.HIGHEST,
                Comparison.ABOVE,
                SATURATION_WARN,
                timedelta(minutes=30),
                Severity.P4,
                "platform",
                "saturation",
                _CAPACITY,
                by=by,
                category="saturation",
            ),
        ]
        if common
        else []
    )
