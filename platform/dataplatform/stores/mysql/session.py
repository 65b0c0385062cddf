"""MySQL and MariaDB as an engine of the relational ports: their locks, and what they call a duplicate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from sqlalchemy import BindParameter, Connection, CursorResult, TextClause, bindparam, text
from sqlalchemy.exc import IntegrityError

from dataplatform.stores.mysql.failures import DUPLICATE_KEY, code_of
from dataplatform.stores.relational.session import NOTHING, Duplicate, Row, Values

_LIST = re.compile(r"\bIN :(\w+)")
_ENTER_OUTBOX = "SELECT gate FROM outbox_gate WHERE gate = 1 FOR UPDATE"
_LOCK_TRAIL = "SELECT sequence, digest FROM audit_head WHERE head = 1 FOR UPDATE"
_MOVE_TRAIL = "UPDATE audit_head SET sequence = :sequence, digest = :digest WHERE head = 1"


@cache
def prepared(statement: str) -> TextClause:
    lists: list[BindParameter[object]] = [
        bindparam(name, expanding=True) for name in _LIST.findall(statement)
    ]
    return text(statement).bindparams(*lists)


class MysqlRelationalSession:
    """Of one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def rows(self, statement: str, values: Values = NOTHING) -> Sequence[Row]:
        return self.connection.execute(prepared(statement), values).all()

    def change(self, statement: str, values: Values = NOTHING) -> int:
        return self._change(statement, values).rowcount

    def change_all(self, statement: str, values: Sequence[Values]) -> None:
        if values:
            self._change(statement, values)

    def lock_outbox(self) -> None:
        self.rows(_ENTER_OUTBOX)

    def lock_trail(self) -> tuple[int, str]:
        ((sequence, digest),) = self.rows(_LOCK_TRAIL)
        return sequence, digest

    def move_trail(self, sequence: int, digest: str) -> None:
        self.change(_MOVE_TRAIL, {"sequence": sequence, "digest": digest})

    def _change(self, statement: str, values: Values | Sequence[Values]) -> CursorResult[Row]:
        try:
            return self.connection.execute(prepared(statement), values)
        except IntegrityError as error:
            if code_of(error) == DUPLICATE_KEY:
                raise Duplicate("relational") from error
            raise
