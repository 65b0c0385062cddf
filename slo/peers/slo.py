"""One objective as another tool has it: the rules it would load into a Prometheus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

Rule = Mapping[str, object]
"""As a rule file has it: ``record`` or ``alert``, ``expr``, ``for``, ``labels``."""


class Tool(StrEnum):
    SLOTH = "Sloth"
    PYRRA = "Pyrra"

    @property
    def identity(self) -> str:
        """The label that tells one objective's rules from another's."""
        return "sloth_id" if self is Tool.SLOTH else "slo"


@dataclass(frozen=True, slots=True)
class PeerSlo:
    """``identity`` is the value of its tool's identity label; ``budget_spent`` is PromQL of the share of
    errors over the whole period, by which the tool says what is left of the budget."""

    tool: Tool
    identity: str
    name: str
    file: str
    line: int | None
    target: Fraction
    period: timedelta
    rules: Sequence[Rule]
    error_ratio: str
