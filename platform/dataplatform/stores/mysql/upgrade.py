"""Brings a MySQL database to the newest schema, with alembic: one process at a time, safe to repeat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from credit.domain.errors import StoreUnavailable
from dataplatform.errors import SchemaError
from dataplatform.schemas import mysql as mysql_schema
from dataplatform.stores.mysql.failures import unavailable

FOLDER = str(Path(mysql_schema.__file__).parent)  # of ``versions/``
WAIT_SECONDS = 60
VERSION_TABLE = "schema_version"

# A name of the whole server, so that databases side by side upgrade one after the other; that hurts nobody.
_LOCK = text("SELECT GET_LOCK('mirante schema', :seconds)")
_UNLOCK = text("SELECT RELEASE_LOCK('mirante schema')")


def upgrade(engine: Engine, store: str) -> str:
    """Every revision that the database lacks, in order; its revision afterwards.

    Raises:
        SchemaError: the database is newer than this program, or another process upgrades it without end.
        StoreUnavailable: the database does not answer.
    """
    place = f"the {store} database {engine.url.database!r} at {engine.url.host}:{engine.url.port}"
    try:
        with engine.connect() as connection, _alone(connection, place):
            return _climb(connection, place)
    except SQLAlchemyError as error:
        raise unavailable(store, error) from error


def scripts() -> ScriptDirectory:
    """The revisions this program knows."""
    config = Config()
    config.set_main_option("script_location", FOLDER)
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


@contextmanager
def _alone(connection: Connection, place: str) -> Iterator[None]:
    if connection.execute(_LOCK, {"seconds": WAIT_SECONDS}).scalar() != 1:
        raise SchemaError(
            place,
            f"another process has been upgrading its schema for more than {WAIT_SECONDS} s",
            "Find out what that process is waiting for, or stop it",
        )
    try:
        yield
    finally:
        connection.execute(_UNLOCK)


def _climb(connection: Connection, place: str) -> str:
    known = scripts()
    _refuse_newer(connection, known, place)

    def missing(revision: Any, _: MigrationContext) -> Any:
        return known._upgrade_revs("head", revision)  # as alembic's own upgrade command does

    with EnvironmentContext(Config(), known, fn=missing) as environment:
        environment.configure(connection=connection, version_table=VERSION_TABLE)
        with environment.begin_transaction():
            environment.run_migrations()
    connection.commit()
    head = known.get_current_head()
    if head is None:
        raise StoreUnavailable("relational", "this program has no schema for MySQL")
    return head


def _refuse_newer(connection: Connection, known: ScriptDirectory, place: str) -> None:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    revisions = {script.revision for script in known.walk_revisions()}
    for found in context.get_current_heads():
        if found not in revisions:
            raise SchemaError(
                place,
                f"its schema is revision {found}, but the newest that this program knows is "
                f"{known.get_current_head()}",
                "Use the newer version of Mirante, or restore the backup taken before it ran",
            )
