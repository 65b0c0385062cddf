"""Sign-in by one-time link, and the sessions it opens. Always in real time, whatever the clock setting.

Only hashes are kept: who reads the file can neither sign in nor take over a session.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from app.console.errors import LinkRefused, SessionStoreError
from foundation.sqlite_ladder import open_to_write

LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(hours=12)
SIGN_IN_PATH = "/console/sign-in"
_TOKEN_BYTES = 32
_KEPT_AFTER_EXPIRY = timedelta(days=7)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS links (
  digest TEXT PRIMARY KEY, actor TEXT NOT NULL, expires_at REAL NOT NULL, used_at REAL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
  digest TEXT PRIMARY KEY, actor TEXT NOT NULL, expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person. ``token`` is what the cookie holds; it is never stored or shown."""

    token: str
    actor: str
    expires_at: datetime

    @property
    def csrf_token(self) -> str:
        """Hex text every form of this session carries; another session's does not fit."""
        return hmac.new(self.token.encode(), b"csrf", hashlib.sha256).hexdigest()

    def csrf_matches(self, given: str) -> bool:
        return hmac.compare_digest(self.csrf_token.encode(), given.encode())


class SessionStore(Protocol):
    """Where links and sessions are kept. Blocking; calls last well under a millisecond."""

    def issue_link(self, base_url: str, actor: str = "operator") -> str:
        """A URL that opens the console once, within 15 minutes. ``base_url``: ``http://127.0.0.1:8601``."""
        ...

    def redeem(self, token: str) -> Session:
        """Trade a link's token for a new session; the link is spent by it.

        Raises:
            LinkRefused: the link was used, has expired, or never existed.
        """
        ...

    def find(self, token: str) -> Session | None:
        """The live session of this cookie; None when there is none or it has expired."""
        ...

    def end(self, token: str) -> None:
        """Sign out. Ending what is not there is fine."""
        ...


class SqliteSessions:
    """Sessions in one SQLite file of the control side. Safe across threads and processes.

    Raises:
        UnusableFile: what is there is not a file of sessions, damaged, or newer.
        SessionStoreError: the file cannot be opened or written.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = open_to_write(path, [_SCHEMA], busy_seconds=5.0)
        except (OSError, sqlite3.Error) as error:
            raise SessionStoreError(str(path), str(error)) from error

    def issue_link(self, base_url: str, actor: str = "operator") -> str:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        now = self._now()
        with self._transaction() as db:
            db.execute("DELETE FROM links WHERE expires_at < ?", ((now - _KEPT_AFTER_EXPIRY).timestamp(),))
            db.execute(
                "INSERT INTO links (digest, actor, expires_at) VALUES (?, ?, ?)",
                (_digest(token), actor, (now + LINK_LIFETIME).timestamp()),
            )
        return f"{base_url.rstrip('/')}{SIGN_IN_PATH}?token={token}"

    def redeem(self, token: str) -> Session:
        now = self._now()
        with self._transaction() as db:
            actor = _spend(db, _digest(token), now.timestamp())
            session = Session(secrets.token_urlsafe(_TOKEN_BYTES), actor, now + SESSION_LIFETIME)
            db.execute("DELETE FROM sessions WHERE expires_at < ?", (now.timestamp(),))
            db.execute(
                "INSERT INTO sessions (digest, actor, expires_at) VALUES (?, ?, ?)",
                (_digest(session.token), actor, session.expires_at.timestamp()),
            )
        return session

    def find(self, token: str) -> Session | None:
        with self._connected() as db:
            row = db.execute(
                "SELECT actor, expires_at FROM sessions WHERE digest = ? AND expires_at > ?",
                (_digest(token), self._now().timestamp()),
            ).fetchone()
        return None if row is None else Session(token, row[0], datetime.fromtimestamp(row[1], UTC))

    def end(self, token: str) -> None:
        with self._transaction() as db:
            db.execute("DELETE FROM sessions WHERE digest = ?", (_digest(token),))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise SessionStoreError(str(self._path), str(error)) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connected() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def _spend(db: sqlite3.Connection, digest: str, now: float) -> str:
    row = db.execute("SELECT actor, expires_at, used_at FROM links WHERE digest = ?", (digest,)).fetchone()
    if row is None:
        raise LinkRefused("unknown")
    actor, expires_at, used_at = row
    if used_at is not None:
        raise LinkRefused("used")
    if expires_at <= now:
        raise LinkRefused("expired")
    db.execute("UPDATE links SET used_at = ? WHERE digest = ?", (now, digest))
    return str(actor)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
