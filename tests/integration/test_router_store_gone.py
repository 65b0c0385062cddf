"""The router's store cannot be written to: senders are told to come again, and nothing is lost or doubled."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.aws_emulator import needs_emulator
from tests.support.patience import patience
from tests.support.router_judge import HEADERS, Judge
from tests.support.small_disk import fill, small_disk

FULL = os.environ.get("MIRANTE_PROOF") == "full"
GONE = 60.0 if FULL else 8.0  # real seconds; a writer gives up after five
FACTOR = 300.0  # fifteen minutes pass in three seconds
FIRST = ("operations", "first")
TOLD = {FIRST, ("data-engineering", "backup"), ("data-engineering", "escalation")}

pytestmark = needs_emulator


@contextmanager
def held_by_somebody_else(store: Path) -> Iterator[None]:
    """Nobody can write meanwhile."""
    with closing(sqlite3.connect(store, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def refused(judge: Judge) -> bool:
    """Whether an alert is answered with 503 now."""
    answer = httpx.post(
        judge.address("/hooks/alertmanager"),
        content=b"{}",
        headers=HEADERS,
        timeout=patience(30),
        trust_env=False,
    )
    return answer.status_code == 503


def goes_on(judge: Judge) -> None:
    """What was sent meanwhile is paged, and what ran out meanwhile was told once."""
    before, meanwhile = (
        next(i["id"] for i in judge.incidents() if i["title"] == title) for title in ("Before", "Meanwhile")
    )
    judge.until(lambda: set(judge.told(before)) >= TOLD, "the escalation goes on")
    judge.until(lambda: FIRST in judge.told(meanwhile), "what came meanwhile is paged")
    assert judge.kinds(before)[:3] == ["opened", "acknowledgement-missed", "escalated"]
    assert judge.kinds(before).count("escalated") == 1
    assert len(judge.processes) == 1
    judge.verdict()


@pytest.mark.proof
def test_the_store_gone_for_a_minute_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    with Judge(tmp_path, FACTOR) as judge:
        judge.start()
        judge.send("Before", severity="P1")
        judge.until(judge.arrived, "the page")
        with held_by_somebody_else(judge.store):
            until = time.monotonic() + GONE
            order = judge.promise("Meanwhile", severity="P1")
            assert refused(judge)
            assert len(judge.incidents()) == 1
            time.sleep(max(0.0, until - time.monotonic()))
            assert order not in judge.accepted_orders()
        judge.until(lambda: order in judge.accepted_orders(), "the sender's next try is taken")
        judge.until(lambda: len(judge.incidents()) == 2, "it is an incident")
        goes_on(judge)


def test_a_full_disk_refuses_alerts_and_goes_on_once_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data") as disk, Judge(tmp_path, FACTOR, data=disk) as judge:
        judge.start()
        judge.send("Before", severity="P1")
        judge.until(judge.arrived, "the page")
        fill(disk / "filler")
        judge.until(lambda: refused(judge), "the first alert is refused")
        order = judge.promise("Meanwhile", severity="P1")
        time.sleep(3.0)  # the backup's minute, and the escalation's soon
        assert order not in judge.accepted_orders()
        assert len(judge.incidents()) == 1
        (disk / "filler").unlink()
        judge.until(lambda: order in judge.accepted_orders(), "the sender's next try is taken")
        judge.until(lambda: len(judge.incidents()) == 2, "it is an incident")
        goes_on(judge)
