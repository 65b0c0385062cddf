"""Every CQL statement of the package is one that Keyspaces takes, and goes through the guarded session."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import dataplatform
from dataplatform.ingestion.projections import PENDING_LIFETIME
from dataplatform.schemas.cassandra.capacity import CREDITDATA
from dataplatform.schemas.cassandra.creditdata import COLUMNS, KEY, on_cassandra, on_keyspaces
from dataplatform.stores.cassandra import tables, wide
from dataplatform.stores.cassandra.guard import check_statement

PACKAGE = Path(next(iter(dataplatform.__path__)))
DRIVER = PACKAGE / "stores" / "cassandra"
SENDS = {"execute", "execute_async", "prepare", "execute_concurrent"}

DOCUMENT = {
    "customer_id": "text",
    "data_type": "text",
    "transaction_id": "text",
    "amount": "decimal",
    "status": "text",
    "credit_score": "int",
    "monthly_income": "decimal",
    "existing_debts": "decimal",
    "created_at": "timestamp",
    "updated_at": "timestamp",
    "ttl": "timestamp",
}


def statements() -> list[str]:
    verbs = re.compile(r"(SELECT|INSERT|UPDATE|DELETE) ")
    constants = [value for module in (tables, wide) for value in vars(module).values()]
    found = [value for value in constants if isinstance(value, str) and verbs.match(value)]
    schemas = (on_cassandra(), on_keyspaces(CREDITDATA))
    return [*found, *(cql for schema in schemas for cql in (schema.keyspace, schema.table))]


def test_keyspaces_takes_every_statement_of_the_package() -> None:
    every = statements()
    assert len(every) >= 13
    for cql in every:
        check_statement(cql)


def test_only_the_guarded_session_sends_statements_and_only_its_package_knows_the_driver() -> None:
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.parent != DRIVER:
            modules = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
            assert not [name for name in modules if name.split(".")[0] == "cassandra"], path
        elif path.name != "session.py":
            calls = {
                n.func.attr
                for n in ast.walk(tree)
                if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
            }
            assert not calls & SENDS, path


def test_the_table_has_the_documents_columns_and_key() -> None:
    assert {name: COLUMNS[name] for name in DOCUMENT} == DOCUMENT
    assert list(COLUMNS)[: len(DOCUMENT)] == list(DOCUMENT)
    assert KEY == ("customer_id", "data_type")
    assert "PRIMARY KEY (customer_id, data_type)" in on_cassandra().table


def test_the_capacity_is_the_documents_and_stands_in_the_keyspaces_table() -> None:
    for units in (CREDITDATA.reads, CREDITDATA.writes):
        assert (units.least, units.base, units.most) == (100, 500, 10_000)
    assert CREDITDATA.target_percent == 50
    assert CREDITDATA.temporary_seconds == 2_592_000 == PENDING_LIFETIME.total_seconds()
    table = on_keyspaces(CREDITDATA).table
    for told in (
        "'throughput_mode': 'PROVISIONED', 'read_capacity_units': 500, 'write_capacity_units': 500",
        "'ttl': {'status': 'enabled'}",
        "'minimum_units': '100', 'maximum_units': '10000'",
        "'target_value': '50'",
    ):
        assert told in table
