"""A report that is kept is read as it was; what is none is no report, and never an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from slo.drift import DriftReport, KeptReport
from tests.support.drifts import SINCE, drifted, found


def test_a_report_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    kept = KeptReport(tmp_path / "control" / "drift.json")
    assert kept.last() is None
    for report in (
        DriftReport(SINCE, "http://prom", (drifted(labels=(("a", "1"),)), found(recorded_since=SINCE))),
        DriftReport(SINCE, "http://prom", silence="gone", silent_since=SINCE),
    ):
        kept.keep(report)
        assert kept.last() == report
    assert [path.name for path in kept.path.parent.iterdir()] == ["drift.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 2}', '{"format": 1}', "[" * 100_000])
def test_what_is_no_report_is_as_if_there_were_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "drift.json"
    path.write_text(content, "utf-8")
    assert KeptReport(path).last() is None
