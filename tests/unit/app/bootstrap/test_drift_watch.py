"""When recorded budgets are audited, and what of an audit still holds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from app.bootstrap.drift_watch import EVERY, DriftWatch, KeptFindings
from foundation.clock import ManualClock
from slo.drift import BudgetDrift, DriftReason, DriftReport, DriftVerdict, KeptReport
from slo.drift.texts import STALE
from tests.support.drifts import SINCE, drifted, found

MINUTE = timedelta(minutes=1)


class Audits:
    """An audit that finds what it is told to."""

    def __init__(self, *findings: BudgetDrift) -> None:
        self.findings = findings
        self.times = 0

    def audit(self, now: object) -> DriftReport:
        self.times += 1
        return DriftReport(now, "http://prom", self.findings)  # type: ignore[arg-type]


def test_it_audits_every_five_minutes_and_each_time_while_the_ledger_is_filled(tmp_path: Path) -> None:
    clock, filling = ManualClock(SINCE), found(verdict=DriftVerdict.UNKNOWN, reason=DriftReason.NOT_COUNTED)
    audits = Audits(filling)
    watch = DriftWatch(audits, KeptReport(tmp_path / "drift.json"), clock)  # type: ignore[arg-type]
    for times in (1, 2, 3):
        watch.step()
        assert audits.times == times
        clock.advance(MINUTE)
    audits.findings = (drifted(),)
    watch.step()
    for _ in range(4):
        clock.advance(MINUTE)
        watch.step()
    assert audits.times == 4
    clock.advance(EVERY)
    watch.step()
    assert audits.times == 5


def test_findings_hold_until_they_are_old(tmp_path: Path) -> None:
    clock, kept = ManualClock(SINCE), KeptReport(tmp_path / "drift.json")
    findings = KeptFindings(kept, clock)
    assert findings() == ()
    kept.keep(DriftReport(SINCE, "http://prom", (drifted(),)))
    assert findings() == (drifted(),)
    clock.advance(STALE + MINUTE)
    assert findings() == ()
