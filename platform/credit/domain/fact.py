"""What a fact is: a named, typed value a policy may read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from credit.domain.decision import FactValue
from credit.domain.reasons import Text

FactMap = Mapping[str, FactValue]


class FactType(StrEnum):
    INTEGER = "integer"
    RATIO = "ratio"
    TEXT = "text"


class Source(StrEnum):
    PROFILE = "profile"
    APPLICATION = "application"
    PRICE = "price"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Fact:
    """``unit``: cents, months, years, points, count, basis_points, ratio, days or choice.

    ``low`` and ``high`` bound what can occur (``None``: open); ``choices`` are a text fact's only values.
    ``actionable``: the applicant can change it by asking for something else or by paying something off.
    """

    name: str
    type: FactType
    unit: str
    source: Source
    how: str
    label: Text
    low: int | None = 0
    high: int | None = None
    choices: tuple[str, ...] = ()
    actionable: bool = False
    compute: Callable[[FactMap], FactValue] | None = None
