"""Each critical query of the relational store is answered by the index meant for it (§4.1.1)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from dataplatform.schemas.relational import RUNGS
from dataplatform.stores.sqlite import audit, customers, decisions, outbox, transactions


@pytest.fixture
def schema() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript("".join(RUNGS))
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, statement: str) -> str:
    values = dict.fromkeys(("now", "limit"), 1) if ":now" in statement else (1,) * statement.count("?")
    return "; ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values))


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (customers._BY_CPF, "idx_customer_cpf (cpf_index=?)"),
        (customers._BY_ID, "sqlite_autoindex_customers_1 (customer_id=?)"),
        (customers._PAGE, "sqlite_autoindex_customers_1 (customer_id>?)"),
        (transactions._BETWEEN, "idx_transaction_customer (customer_id=? AND created_at>? AND created_at<?)"),
        (decisions._BODY, "sqlite_autoindex_credit_decisions_1 (decision_id=?)"),
        (decisions._NEWEST, "idx_decision_customer (customer_id=?)"),
        (decisions._OLDER, "idx_decision_customer (customer_id=? AND decision_id<?)"),
        (decisions._KEY, "k USING PRIMARY KEY (client_id=? AND key=?)"),
        (outbox._FREE, "idx_outbox_key (kind=? AND key=? AND row_id<?)"),
        (audit._PAGE, "INTEGER PRIMARY KEY (rowid>?)"),
        ("SELECT 1 FROM customers WHERE status = ?", "idx_customer_status (status=?)"),
        ("SELECT 1 FROM transactions WHERE created_at >= ?", "idx_transaction_date (created_at>?)"),
        ("SELECT 1 FROM credit_decisions WHERE decided_at >= ?", "idx_decision_date (decided_at>?)"),
        ("SELECT status FROM customers WHERE customer_id = ? AND status = ?", "(customer_id=?"),
    ],
)
def test_the_query_uses_its_index(schema: sqlite3.Connection, statement: str, index: str) -> None:
    found = plan(schema, statement)
    assert index in found
    if "TEMP B-TREE" in found:
        assert statement is transactions._BETWEEN, "only ties in time are sorted"


def test_the_combined_index_alone_answers_who_has_which_status(schema: sqlite3.Connection) -> None:
    found = plan(schema, "SELECT customer_id, status FROM customers ORDER BY customer_id, status")
    assert "COVERING INDEX idx_combined_customer_status" in found
