"""Each critical query of the relational store is answered by the index meant for it (§4.1.1)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest

from dataplatform.schemas.relational import RUNGS
from dataplatform.stores.relational import audit, customers, decisions, outbox, transactions
from dataplatform.stores.sqlite.relational import spelled


@pytest.fixture
def schema() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript("".join(RUNGS))
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, statement: str) -> str:
    text, _ = spelled(statement)
    values = dict.fromkeys(re.findall(r":(\w+)", text), 1)
    return "; ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values))


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
        ("SELECT 1 FROM customers WHERE status = :status", "idx_customer_status (status=?)"),
        ("SELECT 1 FROM transactions WHERE created_at >= :since", "idx_transaction_date (created_at>?)"),
        ("SELECT 1 FROM credit_decisions WHERE decision_date >= :since", "idx_decision_date (decided_at>?)"),
        ("SELECT status FROM customers WHERE customer_id = :id AND status = :status", "(customer_id=?"),
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
