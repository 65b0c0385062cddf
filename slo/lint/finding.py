"""One finding about a definition, with its place and fix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from slo.model.spec import Slo


class FindingLevel(StrEnum):
    ERROR = "error"  # what was written cannot work
    WARNING = "warning"  # it works, perhaps not as meant


@dataclass(frozen=True, slots=True)
class Finding:
    """``rule`` is a short stable name, for filters and documentation."""

    level: FindingLevel
    rule: str
    file: str
    line: int | None
    field: str
    reason: str
    fix: str
    slo_id: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        about = f"{self.slo_id}: " if self.slo_id else ""
        return f"{place}: {self.level.value}: {about}{self.field}: {self.reason}. {self.fix} [{self.rule}]"


def error(slo: Slo, rule: str, field: str, reason: str, fix: str) -> Finding:
    return Finding(FindingLevel.ERROR, rule, slo.source_file, slo.source_line, field, reason, fix, slo.id)


def warning(slo: Slo, rule: str, field: str, reason: str, fix: str) -> Finding:
    return Finding(FindingLevel.WARNING, rule, slo.source_file, slo.source_line, field, reason, fix, slo.id)
