"""What earlier versions left is opened whole: no decision, incident, minute or proof is lost, counts agree.

A folder of a *newer* version is refused with a sentence, and not touched.
"""

from __future__ import annotations

import json
import lzma
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pymysql
import pytest

from alarms.notify.local_sink import LocalSink
from alarms.stores.mysql import MysqlRouterStore
from dataplatform.local.mariadb import PASSWORD, USER
from dataplatform.stores.mysql.relational import open_mysql_relational
from foundation.clock import SystemClock
from foundation.sqlite_ladder import NewerFile
from slo.ledger.sqlite_count_reader import SqliteCountReader
from slo.ledger.sqlite_counts import SqliteCountJournal
from tests.support.command_line import mirante
from tests.support.grafana_stand_in import TOKEN, grafana_stand_in
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.prometheus_server import backfill, needs_prometheus, prometheus_server
from tests.upgrades.make_counts import COUNTED, MINUTES, collect, minutes_of
from tests.upgrades.make_folder import Folder, said, still

KEPT = Path(__file__).parents[1] / "upgrades"
VERSION = "0.1.0"
FACTS: dict[str, Any] = json.loads((KEPT / f"{VERSION}.json").read_text(encoding="utf-8"))
MYSQL: dict[str, Any] = json.loads((KEPT / f"{VERSION}-mysql.json").read_text(encoding="utf-8"))
EXECUTABLE = Path(sys.executable).with_name("mirante")
NEWER = 99


def unpacked(name: str, into: Path) -> Path:
    with tarfile.open(KEPT / name) as archive:
        # Python before 3.11.4 has no filters. The archive is ours.
        known: dict[str, Any] = (
            {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}
        )
        archive.extractall(into, **known)
    return into


def opened(into: Path) -> Folder:
    return Folder(EXECUTABLE, unpacked(f"{VERSION}.tar.xz", into) / "data", still(FACTS["rest"]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return opened(tmp_path_factory.mktemp("upgrade"))


@pytest.fixture(scope="module")
def now(folder: Folder) -> dict[str, Any]:
    return said(folder)


@pytest.mark.parametrize("what", ["audit", "incidents", "shown", "ledger"])
def test_the_folder_says_what_it_said(what: str, now: dict[str, Any]) -> None:
    assert of_the_same_names(now[what], FACTS[what]) == FACTS[what]


def of_the_same_names(later: Any, before: Any) -> Any:
    """``later`` without the fields that the version before did not have: a later version may say more."""
    if isinstance(before, dict) and isinstance(later, dict):
        return {name: of_the_same_names(later.get(name), value) for name, value in before.items()}
    if isinstance(before, list) and isinstance(later, list) and len(before) == len(later):
        return [of_the_same_names(*pair) for pair in zip(later, before, strict=True)]
    return later


@pytest.mark.parametrize("what", ["exclusions", "silences", "quarantine", "keys", "dead_letters"])
def test_what_people_and_senders_left_is_listed(what: str, now: dict[str, Any]) -> None:
    """By id and text; how a list is laid out may change."""
    words = FACTS[what].split("\n")[1].split()
    assert words[0] in now[what]
    assert [word for word in words if word not in now[what].split()] == []


def test_no_row_is_lost(now: dict[str, Any]) -> None:
    lost = {
        (file, table): (count, now["rows"].get(file, {}).get(table))
        for file, tables in FACTS["rows"].items()
        for table, count in tables.items()
        if now["rows"].get(file, {}).get(table, -1) < count
    }
    assert lost == {}


@pytest.fixture(scope="module")
def api(folder: Folder, now: dict[str, Any]) -> Iterator[httpx.Client]:
    process = folder.start("serve", "data")
    try:
        folder.ready(folder.api_port)
        with folder.client(folder.api_port, FACTS["key"]) as client:
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def test_every_decision_reads_and_explains_as_it_did(api: httpx.Client) -> None:
    for known in FACTS["decisions"]:
        where = f"/v1/decisions/{known['told']['decision_id']}"
        assert api.get(where).json() == known["read"]
        assert api.get(f"{where}/explanation").json() == known["explanation"]


def test_a_retry_of_every_request_gets_the_same_decision(api: httpx.Client) -> None:
    for number, known in enumerate(FACTS["decisions"]):
        key = {"Idempotency-Key": f"upgrade-{number:04d}"}
        again = api.post("/v1/decisions", json=known["asked"], headers=key)
        assert (again.status_code, again.json()) == (201, known["told"])


def test_every_disbursement_stays_paid_once(api: httpx.Client) -> None:
    assert FACTS["disbursements"]
    for known in FACTS["disbursements"]:
        again = api.post(f"/v1/decisions/{known['decision_id']}/disbursement")
        assert (again.is_success, again.json()) == (True, known["body"])


def test_the_trail_goes_on_unbroken_in_the_new_version(folder: Folder, api: httpx.Client) -> None:
    later = folder.json("audit", "verify")
    assert later["intact"]
    assert later["entries"] > FACTS["audit"]["entries"], "the reads of these tests are on it"
    assert later["by_action"]["decision.recorded"] == len(FACTS["decisions"]), "no retry was decided anew"


OPENED_BY = {
    "data/relational.sqlite": ("consistency", "check"),
    "data/hot.sqlite": ("consistency", "check"),
    "data/wide.sqlite": ("consistency", "check"),
    "data/stream.sqlite": ("ingest", "status"),
    "data/consistency.sqlite": ("consistency", "report"),
    "control/ledger.sqlite": ("slo", "status"),
    "control/exclusions.sqlite": ("slo", "exclusions"),
    "control/router.sqlite": ("alerts", "list"),
    "control/console.sqlite": ("console-link",),
}


@pytest.mark.parametrize("file", OPENED_BY)
def test_a_newer_file_is_refused_with_a_sentence_and_left_alone(file: str, tmp_path: Path) -> None:
    newer = opened(tmp_path)
    path = newer.root / file
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {NEWER}")
    done = subprocess.run(
        [EXECUTABLE, *OPENED_BY[file]], env=newer.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"its schema is version {NEWER}, but this program knows versions up to" in done.stderr
    assert "Use the newer version of Mirante, or restore the backup taken before it ran" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_database_of_a_folder_is_known_to_the_test_of_newer_ones(folder: Folder) -> None:
    found = {str(path.relative_to(folder.root)) for path in folder.root.rglob("*.sqlite")}
    journals = {file for file in found if file.startswith("counts/")}
    assert found - journals - {"control/notifications.sqlite"} == set(OPENED_BY)
    assert journals


@pytest.mark.parametrize("role", ["data", "ingest", "prober"])
def test_a_newer_count_journal_is_refused_by_its_writer_and_its_readers(role: str, tmp_path: Path) -> None:
    path = opened(tmp_path).root / "counts" / f"{role}.sqlite"
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {NEWER}")
    with pytest.raises(NewerFile):
        SqliteCountJournal(path, role, SystemClock())
    with pytest.raises(NewerFile):
        SqliteCountReader([path]).names()


def test_a_newer_sink_of_notifications_is_refused(tmp_path: Path) -> None:
    path = opened(tmp_path).root / "control" / "notifications.sqlite"
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {NEWER}")
    with pytest.raises(NewerFile):
        LocalSink(path, SystemClock())


# -- a ledger counted from a Prometheus


@needs_prometheus
def test_a_ledger_counted_by_the_version_before_goes_on_and_no_minute_counts_twice(tmp_path: Path) -> None:
    """The new version reads the last minutes again, and from then on; series are told apart otherwise now."""
    before = json.loads((KEPT / f"{VERSION}-counts.json").read_text(encoding="utf-8"))
    unpacked(f"{VERSION}-counts.tar.xz", tmp_path)
    samples = (tmp_path / "samples.om").read_text(encoding="utf-8").splitlines()
    with prometheus_server(tmp_path, backfill(samples[:-1], tmp_path)) as url:
        collect(EXECUTABLE, tmp_path, url, COUNTED)
        again = minutes_of(tmp_path)
        collect(EXECUTABLE, tmp_path, url, MINUTES)
    assert again == before
    later = minutes_of(tmp_path)
    whole = {minute: counts for minute, counts in before["minutes"].items() if int(minute) < COUNTED}
    assert {minute: later["minutes"][minute] for minute in whole} == whole
    assert (later["sources"], later["series"]) == (before["sources"], before["series"])
    assert max(map(int, later["minutes"])) == MINUTES


# -- MySQL


def restored(name: str) -> str:
    """The address of a database with the dump in it."""
    address = fresh_mysql()
    server = httpx.URL(address.replace("mysql://", "http://"))
    done = subprocess.run(
        [
            shutil.which("mariadb") or "mariadb",
            f"--host={server.host}",
            f"--port={server.port}",
            f"--user={USER}",
            f"--password={PASSWORD}",
            server.path.strip("/"),
        ],
        input=lzma.decompress((KEPT / name).read_bytes()),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return address


@needs_mariadb
async def test_the_relational_database_is_opened_whole() -> None:
    store = open_mysql_relational(restored(f"{VERSION}-relational.sql.xz"), None, SystemClock())
    try:
        for decision_id in MYSQL["decisions"]:
            found = await store.decisions.find(decision_id)
            assert found is not None
        customers = await store.customers.scan(100)
        assert [[one.customer_id, one.version] for one in customers] == MYSQL["customers"]
        entries = await store.audit.entries(1_000)
        assert [[e.sequence, e.action, e.subject, str(e.digest)] for e in entries] == MYSQL["audit"]
        assert await store.outbox.depth() == MYSQL["outbox"]
        saga = await store.sagas.find("upgrade:1")
        assert saga is not None
    finally:
        await store.close()


@needs_mariadb
async def test_a_newer_database_is_refused_with_a_sentence() -> None:
    address = restored(f"{VERSION}-relational.sql.xz")
    server = httpx.URL(address.replace("mysql://", "http://"))
    with pymysql.connect(
        host=server.host, port=server.port or 0, user=USER, password=PASSWORD, database=server.path.strip("/")
    ) as connection:
        connection.cursor().execute("UPDATE schema_version SET version_num = 'of_tomorrow'")
        connection.commit()
    with pytest.raises(
        Exception,
        match=r"revision of_tomorrow, but the newest that this "
        r"program knows.*newer",
    ):
        open_mysql_relational(address, None, SystemClock())


@needs_mariadb
def test_the_routers_database_is_opened_whole() -> None:
    store = MysqlRouterStore(restored(f"{VERSION}-router.sql.xz"))
    try:
        assert [incident.id for incident in store.incidents()] == MYSQL["incidents"]
    finally:
        store.close()


# -- what was deployed


def test_boards_deployed_by_the_version_before_are_ours_and_need_no_change_or_are_rewritten_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = unpacked(f"{VERSION}-build.tar.xz", tmp_path) / "boards" / "grafana"
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(built.glob("*.json"))]
    foreign = {"uid": "of-another-team", "title": "Theirs", "tags": ["mirante-lookalike"], "panels": []}
    with grafana_stand_in() as (url, grafana):
        monkeypatch.setenv("MIRANTE_GRAFANA", url)
        monkeypatch.setenv("MIRANTE_GRAFANA_TOKEN", TOKEN)
        monkeypatch.setenv("MIRANTE_ENVIRONMENT", "upgrade")
        for document in [*documents, foreign]:
            grafana.boards[document["uid"]] = {"dashboard": dict(document), "meta": {}}
        before = set(grafana.boards)
        assert mirante("apply", "grafana").status == 0
        assert set(grafana.boards) == before, "nothing doubled, nothing removed"
        assert grafana.boards["of-another-team"]["dashboard"] == foreign
        assert mirante("plan", "grafana").status == 0, "a second look changes nothing"
