"""The rights of the application's MySQL user are exactly those that its statements need."""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from dataplatform.schemas.mysql.grants import RIGHTS
from tests.support.sql_lint import named_values
from tests.support.sql_sources import sources

STORES = "platform/dataplatform/stores"
BY_ALEMBIC = ("schema_version", "SELECT")


def needed(statement: str) -> Iterator[tuple[str, str]]:
    """Table and right. A locking read needs UPDATE, and so does what assigns; a condition needs SELECT."""
    tree = sqlglot.parse_one(named_values(statement), dialect="mysql")
    tables = [table.name for table in tree.find_all(exp.Table)]
    if isinstance(tree, exp.Insert):
        yield tables[0], "INSERT"
        tables = tables[1:]
    if isinstance(tree, exp.Update):
        yield tables[0], "UPDATE"
    if isinstance(tree, exp.Delete):
        yield tables[0], "DELETE"
    if tree.args.get("locks"):
        yield tables[0], "UPDATE"
    yield from ((table, "SELECT") for table in tables)


def test_the_user_may_do_what_the_statements_do_and_nothing_else() -> None:
    found = {BY_ALEMBIC}
    for source in sources(f"{STORES}/relational/*.py", f"{STORES}/mysql/*.py"):
        if source.statement.startswith("SET SESSION"):
            continue
        found.update((table, right) for table, right in needed(source.statement) if table != "x")
    granted = {(table, right) for table, rights in RIGHTS.items() for right in rights.split(", ")}
    assert granted == found
