"""A disk that fills up under a running server: decisions are refused and none is half written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx

from dataplatform.profiles.audited import verify_directory
from tests.support.live_credit import LiveCredit
from tests.support.patience import patience, wait_until
from tests.support.processes import Role
from tests.support.small_disk import fill, small_disk

TRIES = 4_000
SOON = 60.0  # real seconds


def first_refusal(
    ask: Callable[[str], httpx.Response], accepted: dict[str, str]
) -> tuple[str, httpx.Response]:
    """Room that was already taken (the log's own) may hold some more; then one is refused."""
    for number in range(TRIES):
        key = f"full-{number}"
        answer = ask(key)
        if answer.status_code != 201:
            return key, answer
        accepted[key] = answer.json()["decision_id"]
    raise AssertionError(f"{TRIES} decisions were recorded on a full disk")


def stored(data_dir: Path) -> dict[str, str]:
    with closing(sqlite3.connect(data_dir / "data" / "relational.sqlite")) as database:
        keys = dict(database.execute("SELECT key, decision_id FROM idempotency_keys"))
        decisions = {row[0] for row in database.execute("SELECT decision_id FROM credit_decisions")}
    assert set(keys.values()) == decisions
    return keys


def test_a_full_disk_refuses_decisions_halves_none_and_recovers_when_there_is_room(tmp_path: Path) -> None:
    accepted: dict[str, str] = {}
    with small_disk(tmp_path / "data") as disk, Role("data", disk) as server:
        credit = LiveCredit(server.url, disk)
        credit.ingest_customers(1)
        accepted["before"] = credit.ask("before").json()["decision_id"]
        fill(disk / "filler")

        refused, answer = first_refusal(credit.ask, accepted)
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"]
        assert credit.ask(refused).status_code == 503
        assert httpx.get(f"{server.url}/healthz", timeout=patience(30), trust_env=False).status_code == 200
        assert "the disk is full; free some space" in server.output

        (disk / "filler").unlink()
        wait_until(lambda: credit.ask(refused).status_code in {200, 201}, SOON, lambda: server.output[-2000:])
        accepted[refused] = credit.ask(refused).json()["decision_id"]
        assert server.stop() == 0
        assert stored(disk) == accepted
        report = verify_directory(disk)
        assert report.intact, report.findings
        assert report.by_action["decision.recorded"] == len(accepted)


def test_a_server_that_starts_on_a_full_disk_says_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data") as disk:
        fill(disk / "filler")
        server = Role("data", disk)
        try:
            server.launch()
            assert server.wait() == 3, server.output
        finally:
            server.end()
    assert server.output.count("error:") == 1
    assert "Traceback" not in server.output
    assert "full" in server.output
    assert "free some space" in server.output
