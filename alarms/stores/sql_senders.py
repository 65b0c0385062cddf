"""What the SQL router stores keep of senders: their tokens, and when each was last heard from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from alarms.model.access_token import AccessToken
from alarms.model.expected_beat import LastHeard
from alarms.stores.sql_rows import (
    SqlReader,
    SqlSession,
    Unreadable,
    Values,
    encode,
    instant,
    microseconds,
    optional_instant,
)

TOKENS = msgspec.json.Decoder(AccessToken)


class SenderReads:
    _reading: SqlReader
    unreadable: Unreadable

    def token(self, identity: str) -> AccessToken | None:
        rows = self._reading.rows("SELECT body FROM tokens WHERE id = :id", {"id": identity})
        return self.unreadable.decoded(TOKENS, "tokens", identity, rows[0][0]) if rows else None

    def tokens(self) -> Sequence[AccessToken]:
        rows = self._reading.rows("SELECT id, body FROM tokens")
        found = self.unreadable.readable(TOKENS, "tokens", rows)
        return sorted(found, key=lambda token: (token.name, token.created_at, token.id))

    def heard(self) -> Mapping[str, LastHeard]:
        rows = self._reading.rows("SELECT name, since_at, heard_at FROM heartbeats")
        return {name: LastHeard(name, instant(since), optional_instant(at)) for name, since, at in rows}

    def listened_until(self) -> datetime | None:
        rows = self._reading.rows("SELECT until_at FROM listening WHERE id = 1")
        return instant(rows[0][0]) if rows else None


class SenderWrites(ABC):
    _session: SqlSession

    def save_token(self, token: AccessToken) -> None:
        values: Values = {"id": token.id, "body": encode(token)}
        self._save("tokens", "UPDATE tokens SET body = :body WHERE id = :id", values)

    def expect(self, name: str, since: datetime) -> None:
        if not self._session.rows("SELECT 1 FROM heartbeats WHERE name = :name", {"name": name}):
            self._insert("heartbeats", {"name": name, "since_at": microseconds(since), "heard_at": None})

    def hear(self, name: str, at: datetime) -> None:
        self.expect(name, at)
        self._session.change(
            "UPDATE heartbeats SET heard_at = :at "
            "WHERE name = :name AND (heard_at IS NULL OR heard_at < :at)",
            {"name": name, "at": microseconds(at)},
        )

    def unexpect(self, name: str) -> None:
        self._session.change("DELETE FROM heartbeats WHERE name = :name", {"name": name})

    def listen(self, until: datetime) -> None:
        values: Values = {"id": 1, "until_at": microseconds(until)}
        self._save("listening", "UPDATE listening SET until_at = :until_at WHERE id = :id", values)

    @abstractmethod
    def _save(self, table: str, update: str, values: Values) -> None:
        """The row as it is now, whether it was there before or not."""

    @abstractmethod
    def _insert(self, table: str, values: Values) -> None: ...
