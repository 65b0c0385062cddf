"""The router's store in MySQL 8 or MariaDB (managed or not), for several workers on several machines.

Transactions take turns: each begins by locking the one row of ``turn``. Receipts come in without a turn, so
that intake goes on while a worker holds it; deliveries are claimed and settled without one, too, each by the
lock of its own row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from alarms.model.errors import StoreBusy
from alarms.stores.mysql_connection import MysqlSession, Pooled, open_engine, trouble_told
from alarms.stores.record import Record
from alarms.stores.sql_rows import MICROSECOND, SqlSession, Values
from alarms.stores.sql_store import IS_DUE, SqlRouterStore
from alarms.stores.sql_transaction import SqlTransaction

SCHEMA = Path(__file__).parent / "schema_mysql.sql"
TAKE_TURN = "SELECT id FROM turn WHERE id = 1 FOR UPDATE"
SERVER_TIME = "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)"
HAS_COLUMN = (
    "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() "
    "AND table_name = :table AND column_name = :column"
)
# What tables that were made before lack, by the column that tells, and the script that adds it.
RUNGS = (
    ("incidents", "rank", "schema_mysql_rank.sql"),
    ("receipts", "sender", "schema_mysql_sender.sql"),
    ("incidents", "bears", "schema_mysql_relations.sql"),
)
SYNCED = 1  # of innodb_flush_log_at_trx_commit: on the disk before a commit is answered


class MysqlRouterStore(SqlRouterStore):
    """Safe for several threads, processes and machines at once.

    ``server_time``: leases run by the database's clock, which all workers share; otherwise by the caller's,
    which is right where time is accelerated and nowhere else.

    Raises:
        ValueError: the address is not a MySQL URL.
        StoreBusy: the server is away, refuses, or would not keep what it has committed.
    """

    or_else_leave_it = "ON DUPLICATE KEY UPDATE id = id"

    def __init__(self, address: str, *, server_time: bool = True) -> None:
        self._engine = open_engine(address)
        super().__init__(Pooled(self._engine))
        self._server_time = server_time
        self._make_tables()

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        with self.writing() as session:
            session.rows(TAKE_TURN)
            yield SqlTransaction(session, self.unreadable, self.kept_silences)

    @contextmanager
    def writing(self) -> Iterator[SqlSession]:
        with trouble_told(), self._engine.begin() as connection:
            yield MysqlSession(connection)

    def close(self) -> None:
        self._engine.dispose()

    def _lease(self, now: datetime, lease_until: datetime) -> tuple[int, int]:
        if not self._server_time:
            return super()._lease(now, lease_until)
        ((begins,),) = self._reading.rows(SERVER_TIME)
        return begins, begins + (lease_until - now) // MICROSECOND

    def _hold(self, session: SqlSession, found: Sequence[int], when: Values) -> Sequence[int]:
        """Looked at once more under their locks; those that another worker has locked are its own."""
        if not found:
            return []
        names = {f"found{number}": sequence for number, sequence in enumerate(found)}
        marks = ", ".join(f":{name}" for name in names)
        rows = session.rows(
            f"SELECT sequence FROM outbox WHERE sequence IN ({marks}) AND {IS_DUE} FOR UPDATE SKIP LOCKED",  # noqa: S608
            {**names, **when},
        )
        held = {row[0] for row in rows}
        return [sequence for sequence in found if sequence in held]

    def _make_tables(self) -> None:
        with self.writing() as session:
            ((flush,),) = session.rows("SELECT @@GLOBAL.innodb_flush_log_at_trx_commit")
            if flush != SYNCED:
                raise StoreBusy(
                    f"innodb_flush_log_at_trx_commit is {flush} there, so a power cut may lose "
                    f"committed data; set it to {SYNCED}"
                )
            for statement in _statements(SCHEMA):
                session.change(statement)
            for table, column, name in RUNGS:
                self._climb(session, {"table": table, "column": column}, SCHEMA.with_name(name))
            if not session.rows("SELECT id FROM turn"):  # somebody may hold it
                session.change("INSERT INTO turn (id) VALUES (1) ON DUPLICATE KEY UPDATE id = id")

    def _climb(self, session: SqlSession, place: Values, script: Path) -> None:
        if session.rows(HAS_COLUMN, place):
            return
        add, *fill = _statements(script)
        try:
            session.change(add)
        except StoreBusy:
            if not session.rows(HAS_COLUMN, place):  # another process may have been faster
                raise
        for statement in fill:
            session.change(statement)


def _statements(script: Path) -> list[str]:
    """A colon of theirs names no value."""
    text = script.read_text(encoding="utf-8").replace(":", "\\:")
    return text.rstrip().removesuffix(";").split(";\n")


def open_mysql_record(address: str) -> Record:
    """What routers keep there, read only: the server refuses to write for these connections.

    Raises:
        ValueError: the address is not a MySQL URL.
        StoreBusy: the server is away, or refuses.
    """
    engine = open_engine(address, read_only=True)
    return Record(Pooled(engine), engine.dispose)
