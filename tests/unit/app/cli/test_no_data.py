"""Service levels without data say where to look."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bootstrap.count_source import counted_from
from app.settings import Settings
from slo.ledger.sqlite_ledger import SqliteLedger
from tests.support.command_line import mirante


@pytest.mark.parametrize("words", [("status",), ("show", "credit/decision-availability")], ids=" ".join)
def test_a_source_that_never_answered_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("MIRANTE_PROMETHEUS", "http://me:secret@127.0.0.1:9")
    (tmp_path / "control").mkdir()
    SqliteLedger(tmp_path / "control" / "ledger.sqlite").close()
    ran = mirante("--data-dir", tmp_path, "slo", *words)
    assert ran.status == 0, ran.err
    told = "nothing was ever counted; counts come from the Prometheus at http://me:********@127.0.0.1:9"
    assert told in ran.err


@pytest.mark.parametrize(
    ("settings", "source"),
    [
        (Settings(), "what Mirante's own processes count"),
        (Settings(prometheus="http://p"), "the Prometheus at http://p"),
        (Settings(prometheus="http://p", count_source="journals"), "what Mirante's own"),
        (Settings(prometheus="http://p", count_source="cloudwatch"), "CloudWatch"),
    ],
)
def test_the_source_is_the_one_that_counts(settings: Settings, source: str) -> None:
    assert counted_from(settings).startswith(source)
