"""One-time links and the sessions they open."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.console.errors import LinkRefused, SessionStoreError
from app.console.sessions import LINK_LIFETIME, SESSION_LIFETIME, SqliteSessions
from foundation.sqlite_ladder import UnusableFile

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Watch:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def sessions(tmp_path: Path, watch: Watch) -> Iterator[SqliteSessions]:
    store = SqliteSessions(tmp_path / "console.sqlite", watch)
    yield store
    store.close()


def token_of(link: str) -> str:
    return link.partition("token=")[2]


def test_a_link_points_to_the_sign_in_page_of_its_base_url(sessions: SqliteSessions) -> None:
    link = sessions.issue_link("http://127.0.0.1:8601/")
    assert link.startswith("http://127.0.0.1:8601/console/sign-in?token=")
    assert len(token_of(link)) >= 43


def test_a_link_opens_one_session_and_no_second(sessions: SqliteSessions) -> None:
    token = token_of(sessions.issue_link("http://x", actor="ana"))
    session = sessions.redeem(token)
    found = sessions.find(session.token)
    assert found is not None
    assert found.actor == "ana"
    with pytest.raises(LinkRefused) as refusal:
        sessions.redeem(token)
    assert refusal.value.why == "used"


def test_a_link_works_until_its_quarter_hour_is_over(sessions: SqliteSessions, watch: Watch) -> None:
    early, late = (token_of(sessions.issue_link("http://x")) for _ in range(2))
    watch.at = START + LINK_LIFETIME - timedelta(seconds=1)
    sessions.redeem(early)
    watch.at = START + LINK_LIFETIME
    with pytest.raises(LinkRefused) as refusal:
        sessions.redeem(late)
    assert refusal.value.why == "expired"


def test_a_token_nobody_issued_is_unknown(sessions: SqliteSessions) -> None:
    with pytest.raises(LinkRefused) as refusal:
        sessions.redeem("made-up")
    assert refusal.value.why == "unknown"


def test_a_session_ends_after_its_lifetime(sessions: SqliteSessions, watch: Watch) -> None:
    session = sessions.redeem(token_of(sessions.issue_link("http://x")))
    watch.at = START + SESSION_LIFETIME - timedelta(seconds=1)
    assert sessions.find(session.token) is not None
    watch.at = START + SESSION_LIFETIME
    assert sessions.find(session.token) is None


def test_signing_out_ends_the_session_at_once(sessions: SqliteSessions) -> None:
    session = sessions.redeem(token_of(sessions.issue_link("http://x")))
    sessions.end(session.token)
    assert sessions.find(session.token) is None
    sessions.end(session.token)


def test_the_file_holds_no_token_that_could_be_used(sessions: SqliteSessions, tmp_path: Path) -> None:
    unspent = token_of(sessions.issue_link("http://x"))
    session = sessions.redeem(token_of(sessions.issue_link("http://x")))
    sessions.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert unspent.encode() not in content
    assert session.token.encode() not in content


def test_a_form_token_belongs_to_one_session_only(sessions: SqliteSessions) -> None:
    mine, other = (sessions.redeem(token_of(sessions.issue_link("http://x"))) for _ in range(2))
    assert mine.csrf_matches(mine.csrf_token)
    assert not mine.csrf_matches(other.csrf_token)
    assert not mine.csrf_matches("")
    assert not mine.csrf_matches("é")
    assert mine.token not in mine.csrf_token


def test_of_many_who_open_the_same_link_at_once_exactly_one_gets_in(tmp_path: Path, watch: Watch) -> None:
    stores = [SqliteSessions(tmp_path / "console.sqlite", watch) for _ in range(8)]
    token = token_of(stores[0].issue_link("http://x"))
    opened: list[str] = []
    refused: list[str] = []
    barrier = threading.Barrier(len(stores))

    def race(store: SqliteSessions) -> None:
        barrier.wait()
        try:
            opened.append(store.redeem(token).token)
        except LinkRefused as refusal:
            refused.append(refusal.why)

    threads = [threading.Thread(target=race, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert len(opened) == 1
    assert refused == ["used"] * 7


def test_a_link_made_by_another_process_works_here(tmp_path: Path, watch: Watch) -> None:
    other = SqliteSessions(tmp_path / "console.sqlite", watch)
    token = token_of(other.issue_link("http://x"))
    other.close()
    here = SqliteSessions(tmp_path / "console.sqlite", watch)
    assert here.find(here.redeem(token).token) is not None
    here.close()


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "console.sqlite"
    path.write_bytes(b"this is not a database, whatever its name says" * 50)
    with pytest.raises(UnusableFile, match=r"console\.sqlite: it is damaged or is not a database.*backup"):
        SqliteSessions(path)


def test_a_write_that_fails_leaves_nothing_behind(sessions: SqliteSessions, tmp_path: Path) -> None:
    blocker = sqlite3.connect(tmp_path / "console.sqlite", isolation_level=None)
    blocker.execute("DROP TABLE links")
    with pytest.raises(SessionStoreError):
        sessions.issue_link("http://x")
    blocker.execute("CREATE TABLE links (digest TEXT, actor TEXT, expires_at REAL, used_at REAL)")
    blocker.close()
    assert "token=" in sessions.issue_link("http://x")
