"""What is watched beside the burn of SLOs: indicators, the sides that must say they are there, and logs."""

from __future__ import annotations

from dataclasses import dataclass

from alarms.model.indicator import IndicatorAlarm
from alarms.model.severity import Severity
from foundation.bilingual import Text


@dataclass(frozen=True, slots=True)
class Side:
    """Who must always say that it is there. ``roles`` is a pattern of the roles that speak for it, alone or
    together; ``speaker`` is the one of them that speaks in CloudWatch."""

    name: Text
    roles: str
    speaker: str


@dataclass(frozen=True, slots=True)
class LogGroup:
    """``retention_days`` by what the log is for; ``why`` says it."""

    role: str
    retention_days: int
    why: str


@dataclass(frozen=True, slots=True)
class LogPattern:
    """``pattern`` is a JSON filter pattern; the alarm fires above ``threshold`` matches in five minutes."""

    name: str
    role: str
    pattern: str
    threshold: int
    severity: Severity
    category: str
    runbook: str
    title: Text


@dataclass(frozen=True, slots=True)
class WatchList:
    """``indicators`` in name order; the rest in the order in which it is written."""

    indicators: tuple[IndicatorAlarm, ...] = ()
    sides: tuple[Side, ...] = ()
    log_groups: tuple[LogGroup, ...] = ()
    log_patterns: tuple[LogPattern, ...] = ()

    def runbooks(self) -> tuple[tuple[str, str], ...]:
        """Name of an alarm, and of the runbook it points to."""
        of_indicators = tuple((one.name, one.runbook) for one in self.indicators)
        return of_indicators + tuple((one.name, one.runbook) for one in self.log_patterns)
