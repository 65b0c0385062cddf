"""The SQL for MySQL is in the subset that MySQL 8 and MariaDB share, whoever wrote it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dataplatform.schemas.mysql.versions import first_tables
from dataplatform.stores.mysql import customers, decisions, outbox
from dataplatform.stores.mysql.endpoint import make_engine
from dataplatform.stores.mysql.upgrade import upgrade
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

ADAPTERS = "platform/dataplatform/stores/mysql/*.py"
STATEMENTS = sources(
    ADAPTERS,
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
        assert known.text.strip() in found
    assert {statement.strip() for statement in first_tables.STATEMENTS} <= found
    assert any("t.row_id IN :numbers" in statement for statement in found), "built by a constructor"


@pytest.mark.parametrize("path", sorted(ROOT.glob(ADAPTERS)), ids=lambda path: path.name)
def test_no_adapter_makes_a_statement_that_the_lint_cannot_see(path: Path) -> None:
    assert unseen(path) == []


def test_a_statement_made_out_of_sight_is_told(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def f(c, names):\n    c.execute(text('SELECT ' + names))\n", encoding="utf-8")
    assert unseen(module) == ["module.py:2"]


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
