"""Alarms on indicators that are not an SLO's burn: saturation, consistency, lag, dead letters, silence.

Defined once: Prometheus rules, CloudWatch alarms and the red lines of the boards all come from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

from alarms.model.severity import Severity
from foundation.bilingual import Text


class Measure(StrEnum):
    """How a number is read from the metric."""

    HIGHEST = "highest"  # the highest series of a gauge
    LOWEST = "lowest"  # the lowest series of a gauge
    INCREASE = "increase"  # what a counter grew by in the window, all series together


class Comparison(StrEnum):
    ABOVE = ">"
    BELOW = "<"


@dataclass(frozen=True, slots=True)
class IndicatorAlarm:
    """One alarm. ``name`` is its alert name; ``basis`` says where the threshold comes from (ALM-1).

    ``labels`` are all that ``metric`` has beside the environment, in CloudWatch's order of dimensions.

    ``component`` is its id in the catalogue, or ``""`` when a label of the metric says it (or none does).
    ``lasting`` is how long the condition must hold. ``window`` applies to ``INCREASE``. ``by`` keeps labels
    apart, so that the alarm says which one it is. ``symptom`` alarms give way to the cause they depend on.
    """

    name: str
    title: Text
    metric: str
    labels: tuple[str, ...]
    measure: Measure
    comparison: Comparison
    threshold: Fraction
    lasting: timedelta
    severity: Severity
    component: str
    runbook: str
    basis: Text
    where: Mapping[str, str] = field(default_factory=dict)
    window: timedelta = timedelta(minutes=5)
    by: tuple[str, ...] = ()
    category: str = "indicator"
    symptom: bool = True
