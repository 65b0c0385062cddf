"""A disk that fails between the commit and its anchor: no false success, nothing twice, anchored later."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from credit.domain.errors import StoreUnavailable
from dataplatform.profiles.audited import verify_directory
from tests.support.credit_samples import a_decision, a_key
from tests.support.open_platform import opened


async def test_an_unanchored_decision_is_not_acknowledged_and_its_retry_replays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    async with opened(tmp_path) as bench:
        await bench.platform.decisions.record(a_decision(1), a_key(1))
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", broken)
            with pytest.raises(StoreUnavailable, match="the audit anchor failed: Input/output error"):
                await bench.platform.decisions.record(a_decision(2), a_key(2))
        again = await bench.platform.decisions.record(a_decision(3), a_key(2))
        assert (again.decision, again.replayed) == (a_decision(2), True)
        assert await bench.platform.decisions.count() == 2
    report = verify_directory(tmp_path / "mirante")
    assert (report.findings, report.entries, report.unanchored) == ((), 2, 0)
