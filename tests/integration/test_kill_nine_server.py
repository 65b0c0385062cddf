"""The decision server is killed at random moments under load; nothing that it answered is lost or doubled.

Twenty moments, or sixty with ``MIRANTE_PROOF=full`` (``make proof``). The judge is the journal of a client in
a process of its own, which repeats what was not answered under the same key.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from credit.domain.decision import Decision
from dataplatform.errors import SchemaError
from dataplatform.profiles.audited import verify_directory
from dataplatform.profiles.embedded import open_embedded
from dataplatform.security.anchor_file import read_anchors
from dataplatform.security.audit_chain import Damage
from dataplatform.stores.relational.audit import read_entries
from dataplatform.stores.sqlite.relational import SqliteRelationalSession
from foundation.clock import SystemClock
from tests.support.live_credit import LiveCredit
from tests.support.patience import patience, wait_until
from tests.support.processes import SCRIPTS, Role, clean_environment
from tests.support.whole_chain import verify

FULL = os.environ.get("MIRANTE_PROOF") == "full"
KILLS = 60 if FULL else 20
SEED = 9
LONGEST_WAIT = 0.8  # real seconds under load before the next kill
CUSTOMERS = 50
FIRST_AMOUNT_CENTS = 100_000  # of the client's first request; its amounts rise by one
pytestmark = pytest.mark.proof


@dataclass(frozen=True)
class Aftermath:
    """What is left: the data directory and the client's journal, with everything stopped."""

    data_dir: Path
    journal: list[dict[str, object]]

    @property
    def accepted(self) -> dict[str, str]:
        """Key -> decision id of every answer with 2xx."""
        return {str(line["key"]): str(line["decision_id"]) for line in self.journal if is_accepted(line)}


def is_accepted(line: dict[str, object]) -> bool:
    return 200 <= int(str(line["status"])) < 300


@contextmanager
def a_client(server: Role, credit: LiveCredit, journal: Path, customers: list[str]) -> Iterator[None]:
    """Sends until the block ends, then finishes what it began."""
    script = SCRIPTS / "decision_client.py"
    client = subprocess.Popen(
        [sys.executable, str(script), server.url, credit.key, str(journal), *customers],
        env=clean_environment(),
        stdin=subprocess.PIPE,
    )
    try:
        yield
        client.communicate(timeout=patience(120))
        assert client.returncode == 0, "the client was left without an answer"
    finally:
        client.kill()
        client.communicate()


def accepted_lines(journal: Path) -> int:
    if not journal.exists():
        return 0
    return sum('"status": 201' in line for line in journal.read_text("utf-8").splitlines())


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("killed")
    data_dir, journal, random = folder / "data", folder / "journal.jsonl", Random(SEED)
    with Role("data", data_dir) as server:
        credit = LiveCredit(server.url, data_dir)
        customers = credit.ingest_customers(CUSTOMERS)
        with a_client(server, credit, journal, customers):
            for _ in range(KILLS):
                answered = accepted_lines(journal)
                wait_until(
                    lambda answered=answered: accepted_lines(journal) > answered,  # type: ignore[misc]
                    60,
                    lambda: f"a decision after some restarts: {journal.read_text()[-500:]}",
                )
                time.sleep(random.uniform(0, LONGEST_WAIT))
                server.kill()
                server.start()
        assert server.stop() == 0, server.output[-2000:]
        assert "Traceback" not in server.output
    lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    return Aftermath(data_dir, lines)


def test_every_kill_cut_off_requests_that_were_answered_later(aftermath: Aftermath) -> None:
    cut_off = [line for line in aftermath.journal if line["status"] == 0]
    assert len(cut_off) >= KILLS
    assert {str(line["key"]) for line in cut_off} <= aftermath.accepted.keys()


def test_every_request_was_answered_with_2xx_in_the_end_and_once(aftermath: Aftermath) -> None:
    accepted = [str(line["key"]) for line in aftermath.journal if is_accepted(line)]
    assert len(accepted) == len(set(accepted))
    assert set(accepted) == {str(line["key"]) for line in aftermath.journal}


async def test_every_answered_decision_is_there_with_what_was_asked(aftermath: Aftermath) -> None:
    platform = open_embedded(aftermath.data_dir, SystemClock())
    try:
        for key, decision_id in aftermath.accepted.items():
            found = await platform.decisions.find(decision_id)
            assert isinstance(found, Decision), f"{key} was answered with {decision_id}, which is not there"
            assert found.application.amount_cents == FIRST_AMOUNT_CENTS + int(key.removeprefix("client-"))
    finally:
        await platform.close()


def test_no_decision_is_there_twice(aftermath: Aftermath) -> None:
    with closing(sqlite3.connect(aftermath.data_dir / "data" / "relational.sqlite")) as database:
        decisions = [row[0] for row in database.execute("SELECT decision_id FROM credit_decisions")]
        keys = database.execute("SELECT client_id, key, decision_id FROM idempotency_keys").fetchall()
    assert len(decisions) == len(set(decisions)) == len(keys)
    assert len({(client, key) for client, key, _ in keys}) == len(keys)
    assert {key: decision for _, key, decision in keys} == aftermath.accepted
    assert set(decisions) == set(aftermath.accepted.values())


def test_the_audit_chain_has_an_entry_for_each_decision_and_is_anchored_outside(aftermath: Aftermath) -> None:
    report = verify_directory(aftermath.data_dir)
    assert report.intact, report.findings
    assert report.by_action["decision.recorded"] == len(aftermath.accepted)
    assert report.by_action["policy.activated"] == 1, "the same policy, whatever the number of restarts"
    assert report.unanchored == 0
    newest = read_anchors(aftermath.data_dir / "anchors")[-1]
    assert (newest.sequence, newest.digest) == (report.head_sequence, report.head_digest)


def test_a_truncated_copy_is_refused_though_its_chain_alone_looks_whole(
    aftermath: Aftermath, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(aftermath.data_dir, copy)
    with closing(sqlite3.connect(copy / "data" / "relational.sqlite")) as database, database:
        database.execute("DROP TRIGGER audit_is_append_only_delete")
        database.execute("DELETE FROM audit WHERE sequence > (SELECT max(sequence) - 3 FROM audit)")
        rest = read_entries(SqliteRelationalSession(database), 1_000_000, 0)
    assert verify(rest, anchors=[]).intact
    assert [finding.damage for finding in verify_directory(copy).findings] == [Damage.TRUNCATED]
    with pytest.raises(SchemaError, match="has an anchor"):
        open_embedded(copy, SystemClock())
