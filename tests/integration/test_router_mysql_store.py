"""The router's MySQL store when the database, or another worker, is in the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.model.errors import StoreBusy
from alarms.model.incident import IncidentState, Transition, TransitionKind
from alarms.model.receipt import Receipt, ReceiptState
from alarms.stores import mysql_connection
from alarms.stores.mysql import MysqlRouterStore
from dataplatform.local.mariadb import MariaDb
from dataplatform.local.server import running
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.new_database import make_database
from tests.support.patience import patience
from tests.support.router_store_contract import MINUTE, NOW, enqueue, incident, notification, receipt
from tests.support.router_store_races import at_once

pytestmark = needs_mariadb

Two = tuple[MysqlRouterStore, MysqlRouterStore]
SETTLE = "UPDATE receipts SET state = 'done' WHERE id = :id"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Changes what connections made from now on begin with."""

    def change(assignment: str) -> None:
        monkeypatch.setattr(mysql_connection, "SESSION", f"{mysql_connection.SESSION}, {assignment}")

    return change


def two_stores() -> Two:
    address = fresh_mysql()
    return MysqlRouterStore(address), MysqlRouterStore(address)


@pytest.fixture
def two() -> Iterator[Two]:
    one, other = two_stores()
    with closing(one), closing(other):
        yield one, other


def test_several_workers_open_an_empty_database_at_once() -> None:
    address = fresh_mysql()
    stores = at_once([address] * 4, MysqlRouterStore)
    with stores[0].transaction() as tx:
        tx.save_incident(incident())
    assert stores[3].incident("incident-1") == incident()
    for store in stores:
        store.close()


def test_what_is_long_or_of_any_script_is_kept_whole(two: Two) -> None:
    name = "ação 🚨 " * 5_000
    strange = replace(incident(key="k" * 2_000), name=name, environment="e" * 2_000)
    with two[0].transaction() as tx:
        tx.save_incident(strange)
    with two[1].transaction() as tx:
        assert tx.newest_incident("k" * 2_000) == strange
        assert tx.newest_incident("k" * 1_999) is None
        assert tx.count_opened("e" * 2_000, NOW, name) == 1


def test_receipts_come_in_while_a_worker_has_its_turn(two: Two) -> None:
    worker, intake = two
    intake.append_receipts([receipt(1)])
    with worker.transaction() as tx:
        tx.settle_receipt("receipt-001", ReceiptState.DONE)
        intake.append_receipts([receipt(2)])
    assert [found.id for found in intake.receipts(ReceiptState.PENDING)] == ["receipt-002"]


def test_leases_run_by_the_databases_clock_however_far_the_workers_clocks_are_apart(two: Two) -> None:
    one, other = two
    enqueue(one, notification())
    lease = timedelta(seconds=1)
    held = one.claim("one", NOW, NOW + lease, 1)[0]
    for now in (NOW, NOW + 60 * MINUTE, NOW + MINUTE):
        assert list(other.claim("other", now, now + lease, 1)) == []
    time.sleep(lease.total_seconds())
    taken = other.claim("other", NOW, NOW + lease, 1)
    assert [delivery.fence for delivery in taken] == [held.fence + 1]


def test_no_connection_waits_for_good(two: Two) -> None:
    with two[0].writing() as session:
        limits = session.rows("SELECT @@innodb_lock_wait_timeout, @@wait_timeout")
    assert limits == [(mysql_connection.LOCK_SECONDS, mysql_connection.IDLE_SECONDS)]
    assert mysql_connection.LOCK_SECONDS < mysql_connection.ANSWER_SECONDS < mysql_connection.IDLE_SECONDS


def test_a_turn_that_does_not_come_is_said_to_be_busy(session: Callable[[str], None]) -> None:
    session("innodb_lock_wait_timeout = 1")
    one, other = two_stores()
    with closing(one), closing(other):
        with one.transaction() as tx:
            tx.save_incident(incident())
            with pytest.raises(StoreBusy, match="Lock wait timeout"), other.transaction() as second:
                second.save_incident(incident(2))
        assert [found.id for found in other.incidents()] == ["incident-1"]


def test_of_a_deadlock_one_side_goes_on_and_nothing_of_the_other_is_kept(two: Two) -> None:
    one, other = two
    one.append_receipts([receipt(1), receipt(2)])

    both = threading.Barrier(2)

    def crosswise(turn: tuple[MysqlRouterStore, str, str]) -> str:
        store, first, second = turn
        try:
            with store.writing() as session:
                session.change(SETTLE, {"id": first})
                both.wait(patience(60))
                session.change(SETTLE, {"id": second})
        except StoreBusy as busy:
            return busy.reason
        return ""

    sides = [(one, "receipt-001", "receipt-002"), (other, "receipt-002", "receipt-001")]
    went_on, told = sorted(at_once(sides, crosswise))
    assert (went_on, "Deadlock" in told) == ("", True)
    assert one.count_receipts(ReceiptState.DONE) == 2  # by the one that went on


def test_a_worker_that_goes_quiet_in_its_turn_is_cut_off_and_keeps_nothing(
    session: Callable[[str], None],
) -> None:
    session("wait_timeout = 1")
    one, other = two_stores()
    with closing(one), closing(other):

        def another_goes_first() -> None:
            with one.transaction() as tx:
                tx.save_incident(incident())
                with other.transaction() as second:  # waits until the server has ended the first
                    second.add_transition(Transition("x", 1, TransitionKind.NOTED, NOW, "other"))
                tx.save_incident(incident(2))

        with pytest.raises(StoreBusy):
            another_goes_first()
        assert list(one.incidents()) == []
        assert len(one.transitions("x")) == 1


def test_a_database_that_may_forget_what_it_committed_is_refused(tmp_path: Path) -> None:
    forgetful = MariaDb({"innodb-flush-log-at-trx-commit": 2})
    with running(forgetful, tmp_path) as server:
        address = make_database(server.port, "router")
        with pytest.raises(StoreBusy, match="innodb_flush_log_at_trx_commit is 2 there"):
            MysqlRouterStore(address)


def test_what_was_committed_is_there_after_the_server_was_killed(tmp_path: Path) -> None:
    with running(MariaDb(), tmp_path) as server:
        store = MysqlRouterStore(make_database(server.port, "router"))
        with store.transaction() as tx:
            tx.save_incident(incident())

        def interrupted() -> None:
            with store.transaction() as tx:
                tx.save_incident(incident(2))
                server.process.kill()
                server.process.wait()

        with pytest.raises(StoreBusy):
            interrupted()
        with pytest.raises(StoreBusy):
            store.append_receipts([Receipt("late", "alert", NOW, b"{}")])
        with running(MariaDb(), tmp_path, server.port):
            assert [found.id for found in store.incidents()] == ["incident-1"]
            store.append_receipts([receipt(1)])
            assert store.count_receipts(ReceiptState.PENDING) == 1
            store.close()


def test_what_may_explain_which_is_read_from_tables_that_were_made_before() -> None:
    """As ``tests/unit/alarms/stores/test_relations.py`` shows it of the file."""
    address = fresh_mysql()
    with closing(MysqlRouterStore(address)) as store, store.transaction() as tx:
        for made in (
            replace(incident(1), component="aurora"),
            replace(incident(2), component="aurora", slo_id="credit/latency"),
            replace(incident(3), component="api", cause_id="incident-1"),
            replace(incident(4), component="api", state=IncidentState.RESOLVED),
            incident(5),
            replace(incident(6), component="aurora"),
        ):
            tx.save_incident(made)
    columns = "SELECT id, bears, leans, cause FROM incidents ORDER BY id"
    with closing(MysqlRouterStore(address)) as store, store.writing() as session:
        before = session.rows(columns)
        session.change("UPDATE incidents SET body = '{\"torn' WHERE id = 'incident-6'")
        for name in ("bearing", "leaning", "explained"):
            session.change(f"ALTER TABLE incidents DROP KEY incidents_{name}")
        session.change("ALTER TABLE incidents DROP COLUMN bears, DROP COLUMN leans, DROP COLUMN cause")
    with closing(MysqlRouterStore(address)) as store, store.writing() as session:
        assert session.rows(columns) == [*before[:-1], ("incident-6", None, None, None)]
        assert [row[1] for row in before] == ["test component aurora", *[None] * 4, "test component aurora"]
