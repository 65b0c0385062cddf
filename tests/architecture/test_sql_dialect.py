"""The SQL for MySQL is what MySQL 8 and MariaDB share, and what is written once is SQLite's, too."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dataplatform.schemas import relational, stream
from dataplatform.schemas.mysql.versions import first_tables
from dataplatform.stores.mysql.endpoint import make_engine
from dataplatform.stores.mysql.upgrade import upgrade
from dataplatform.stores.relational import customers, decisions, outbox
from dataplatform.stores.sqlite.relational import spelled
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.sql_lint import (
    CHANGES_WHAT_IT_READS,
    CONSTRUCTS,
    RESERVED,
    UNREADABLE,
    Construct,
    findings,
)
from tests.support.sql_sources import ROOT, Source, sources, unseen

WRITTEN_ONCE = "platform/dataplatform/stores/relational/*.py"
ADAPTERS = (WRITTEN_ONCE, "platform/dataplatform/stores/mysql/*.py")
FILES = sorted(path for pattern in ADAPTERS for path in ROOT.glob(pattern))
STATEMENTS = sources(
    *ADAPTERS,
    "platform/dataplatform/schemas/mysql/*.py",
    "platform/dataplatform/schemas/mysql/versions/*.py",
    "alarms/stores/mysql*.py",
    "alarms/stores/*mysql*.sql",
    "alarms/stores/sql_*.py",
)


def label(source: Source) -> str:
    return f"{source.file.rpartition('/')[2]}: {' '.join(source.statement.split())[:60]}"


@pytest.mark.parametrize("source", STATEMENTS, ids=label)
def test_both_servers_take_the_statement(source: Source) -> None:
    assert findings(source.statement) == []


def test_the_statements_are_found() -> None:
    found = {source.statement for source in STATEMENTS}
    for known in (decisions._INSERT, customers._UPDATE, outbox._FREE, outbox._DONE):
        assert known.strip() in found
    assert {statement.strip() for statement in first_tables.STATEMENTS} <= found
    assert any("t.row_id IN :numbers" in statement for statement in found), "built by a constructor"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_adapter_makes_a_statement_that_the_lint_cannot_see(path: Path) -> None:
    assert unseen(path) == []


def test_a_statement_made_out_of_sight_is_told(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    lines = ("def f(c, s):", "text('SELECT ' + s)", "c.rows(s)", "c.rows(_KNOWN)", "t = s + ';'", "c.rows(t)")
    module.write_text("\n    ".join(lines), encoding="utf-8")
    assert unseen(module) == ["module.py:2", "module.py:6"]


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.name)
def test_each_forbidden_construct_is_caught(construct: Construct) -> None:
    assert f"{construct.name}: {construct.refused_by} refuses it" in findings(construct.example)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE t SET a = 1 WHERE b = (SELECT max(b) FROM t)", CHANGES_WHAT_IT_READS),
        ("DELETE FROM t WHERE b <= (SELECT max(b) FROM t)", CHANGES_WHAT_IT_READS),
        ("SELECT rank FROM t", RESERVED),
        ("CREATE TABLE t (row_number INTEGER)", RESERVED),
        ("SELECT FROM WHERE", UNREADABLE),
        ("VACUUM t", UNREADABLE),
    ],
)
def test_what_only_the_grammar_shows_is_caught(statement: str, said: str) -> None:
    assert any(finding.startswith(said) for finding in findings(statement))


def test_a_forbidden_word_in_a_text_or_a_comment_is_none() -> None:
    statement = "SELECT 'RETURNING ->' FROM t /* LATERAL */ WHERE a = :a -- INVISIBLE\n"
    assert findings(statement) == []


@pytest.mark.parametrize("source", sources(WRITTEN_ONCE), ids=label)
def test_sqlite_takes_the_statement_as_its_engine_spells_it(source: Source) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript("".join((*relational.RUNGS, *stream.RUNGS)))
    text_, _ = spelled(source.statement.replace("x = x", "phase = 'FORWARD'"))
    connection.execute(f"EXPLAIN {text_}", dict.fromkeys(re.findall(r":(\w+)", text_), 1))


@needs_mariadb
def test_the_running_mariadb_takes_every_statement_of_the_relational_store() -> None:
    """The other half of the grammar: MariaDB's own parser, with the real schema before it."""
    engine = make_engine(fresh_mysql(), connections=1)
    upgrade(engine, "relational")
    adapters = [s for s in STATEMENTS if s.file.startswith("platform/dataplatform/stores/") and s.whole]
    refused = {}
    with engine.connect() as connection:
        for source in adapters:
            statement = re.sub(r"IN :(\w+)", "IN (?)", source.statement)
            prepared = re.sub(r"(?<!:):[a-z_]\w*", "?", statement).replace("'", "''")
            try:
                connection.exec_driver_sql(f"PREPARE lint FROM '{prepared}'")
            except DBAPIError as error:
                refused[label(source)] = str(error.orig)
    engine.dispose()
    assert len(adapters) > 40
    assert refused == {}


@needs_mariadb
@pytest.mark.parametrize(
    "construct", [c for c in CONSTRUCTS if c.refused_by == "MariaDB"], ids=lambda construct: construct.name
)
def test_the_running_mariadb_does_refuse_what_the_list_says_it_refuses(construct: Construct) -> None:
    engine = make_engine(fresh_mysql(), connections=1)
    with engine.connect() as connection:
        for table in ("t", "u"):
            connection.execute(text(f"CREATE TABLE {table} (a INTEGER, body VARCHAR(99))"))
        with pytest.raises(DBAPIError):
            connection.exec_driver_sql(construct.example)
    engine.dispose()
