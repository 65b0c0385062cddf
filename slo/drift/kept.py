"""The last report, in a file of the data folder: one process audits, others show it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from slo.drift.finding import BudgetDrift, DriftGap, DriftReason, DriftReport, DriftVerdict

FORMAT = 1


class KeptReport:
    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, report: DriftReport) -> None:
        """Whole before it has its name.

        Raises:
            OSError: it cannot be written; the report before stays.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(f"{self.path.name}.{secrets.token_hex(8)}")
        try:
            unfinished.write_text(json.dumps(_document(report)), encoding="utf-8")
            os.replace(unfinished, self.path)
        finally:
            unfinished.unlink(missing_ok=True)

    def last(self) -> DriftReport | None:
        """``None``: nothing was ever audited, or what is there is not a report of this version; the next
        audit writes it anew."""
        try:
            document = json.loads(self.path.read_bytes())
            return _report(document) if document["format"] == FORMAT else None
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None


def _document(report: DriftReport) -> dict[str, object]:
    return {"format": FORMAT, **_plain(asdict(report))}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inside) for inside in value]
    return value


def _report(document: Mapping[str, Any]) -> DriftReport:
    return DriftReport(
        at=datetime.fromisoformat(document["at"]),
        url=str(document["url"]),
        findings=tuple(_finding(one) for one in document["findings"]),
        silence=str(document["silence"]),
        silent_since=_instant(document["silent_since"]),
    )


def _finding(document: Mapping[str, Any]) -> BudgetDrift:
    return BudgetDrift(
        **{
            **document,
            "labels": tuple((str(name), str(value)) for name, value in document["labels"]),
            "verdict": DriftVerdict(document["verdict"]),
            "reason": DriftReason(document["reason"]),
            "gaps": tuple(DriftGap(**gap) for gap in document["gaps"]),
            "recorded_since": _instant(document["recorded_since"]),
            "since": _instant(document["since"]),
        }
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
