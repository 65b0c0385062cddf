"""What the record of exclusions keeps to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from slo.ledger.exclusions import Exclusion, ExclusionError, clip, excluded_spans
from slo.ledger.sqlite_exclusions import SqliteExclusionLog
from tests.support.slo_samples import DAY, HOUR, MINUTE, NOON

ONE = Exclusion("e1", "credit/*", NOON, NOON + HOUR, "database upgrade", "ana", NOON - DAY)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteExclusionLog]:
    made = SqliteExclusionLog(tmp_path / "exclusions.sqlite")
    yield made
    made.close()


def test_what_was_asked_is_kept_with_who_why_and_when(log: SqliteExclusionLog) -> None:
    log.request(ONE)
    assert list(log.all()) == [ONE]
    assert not ONE.asked_afterwards


def test_a_withdrawal_is_a_second_record_and_the_first_stays(log: SqliteExclusionLog) -> None:
    log.request(ONE)
    log.withdraw("e1", "rui", NOON)
    (found,) = log.all()
    assert (found.withdrawn_by, found.withdrawn_at, found.active) == ("rui", NOON, False)
    assert (found.requested_by, found.reason) == ("ana", "database upgrade")
    assert excluded_spans(log.all(), "credit/api") == ()


def test_an_id_is_used_once(log: SqliteExclusionLog) -> None:
    log.request(ONE)
    with pytest.raises(ExclusionError, match="already in use"):
        log.request(replace(ONE, reason="another"))


def test_only_an_active_exclusion_can_be_withdrawn_and_only_by_somebody(log: SqliteExclusionLog) -> None:
    with pytest.raises(ExclusionError, match="there is no exclusion"):
        log.withdraw("e1", "rui", NOON)
    log.request(ONE)
    with pytest.raises(ExclusionError, match="name of the person who"):
        log.withdraw("e1", " ", NOON)
    log.withdraw("e1", "rui", NOON)
    with pytest.raises(ExclusionError, match="already withdrawn"):
        log.withdraw("e1", "rui", NOON)


def test_times_are_kept_in_utc(log: SqliteExclusionLog) -> None:
    sao_paulo = timezone(timedelta(hours=-3))
    log.request(replace(ONE, start=NOON.astimezone(sao_paulo), end=(NOON + HOUR).astimezone(sao_paulo)))
    (found,) = log.all()
    assert (found.start, found.end) == (NOON, NOON + HOUR)
    assert found.start.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"requested_by": ""}, "name of the person who asked"),
        ({"reason": "  "}, "give a reason"),
        ({"end": NOON}, "not after start"),
        ({"start": NOON + timedelta(seconds=30)}, "whole minutes"),
        ({"end": NOON + timedelta(microseconds=1)}, "whole minutes"),
        ({"start": datetime(2026, 3, 10, 12)}, "no time zone"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_audited_is_refused(
    log: SqliteExclusionLog, wrong: dict[str, object], told: str
) -> None:
    with pytest.raises(ExclusionError, match=told):
        log.request(replace(ONE, **wrong))  # type: ignore[arg-type]
    assert list(log.all()) == []


def test_asking_after_the_fact_is_allowed_and_visible() -> None:
    assert replace(ONE, requested_at=NOON + HOUR).asked_afterwards


def test_the_file_refuses_changes_and_deletions(tmp_path: Path) -> None:
    path = tmp_path / "exclusions.sqlite"
    log = SqliteExclusionLog(path)
    log.request(ONE)
    with sqlite3.connect(path) as db:
        for statement in ("UPDATE exclusions SET reason = 'x'", "DELETE FROM exclusions"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                db.execute(statement)
    db.close()
    log.close()


def test_overlapping_exclusions_exclude_a_minute_once() -> None:
    other = replace(ONE, exclusion_id="e2", start=NOON + 30 * MINUTE, end=NOON + 2 * HOUR)
    apart = replace(ONE, exclusion_id="e3", start=NOON + 5 * HOUR, end=NOON + 6 * HOUR)
    spans = excluded_spans([apart, other, ONE], "credit/api")
    assert spans == ((NOON, NOON + 2 * HOUR), (NOON + 5 * HOUR, NOON + 6 * HOUR))
    assert excluded_spans([ONE], "other/api") == ()
    assert clip(spans, NOON + HOUR, NOON + 5 * HOUR) == ((NOON + HOUR, NOON + 2 * HOUR),)
