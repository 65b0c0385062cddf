"""Each critical query of the relational store is answered by its index, where the server has a choice.

The same as ``tests/unit/dataplatform/stores/test_index_use.py`` shows on SQLite (§4.1.1, B.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, text

from dataplatform.stores.mysql.endpoint import make_engine
from dataplatform.stores.mysql.session import MysqlRelationalSession, prepared
from dataplatform.stores.mysql.upgrade import upgrade
from dataplatform.stores.relational import audit, comparison, customers, decisions, outbox, policies
from dataplatform.stores.relational import transactions as transaction_records
from dataplatform.stores.relational.customers import customer_values
from dataplatform.stores.relational.transactions import transaction_values
from foundation.instants import to_micros
from tests.support.credit_samples import NOON, a_profile, a_transaction
from tests.support.local_servers import fresh_mysql, needs_mariadb

pytestmark = needs_mariadb
CUSTOMERS, EACH = 1_000, 4
DAY = 86_400_000_000
START = to_micros(NOON)
A_CUSTOMER, A_DECISION = "C-00700", "D-00002800"


def rows_of_transactions() -> list[dict[str, object]]:
    """Four for each customer, spread over sixty days."""
    items = [a_transaction(n, customer=1 + n % CUSTOMERS) for n in range(CUSTOMERS * EACH)]
    return [
        {**transaction_values(item), "created_at": START + n * DAY * 60 // len(items)}
        for n, item in enumerate(items)
    ]


def rows_of_decisions() -> list[dict[str, object]]:
    return [
        {
            "decision_id": f"D-{n:08d}",
            "customer_id": f"C-{1 + n % CUSTOMERS:05d}",
            "outcome": "APPROVE",
            "policy_id": "a" * 64,
            "client_id": "portal",
            "degraded": 0,
            "decision_date": START + n * DAY * 60 // (CUSTOMERS * EACH),
            "body": b"x" * 200,
            "digest": "0" * 64,
        }
        for n in range(CUSTOMERS * EACH)
    ]


def fill(connection: Connection) -> None:
    """One customer in fifty is blocked; a third of the outbox is held; everything else is spread evenly."""
    profiles = [a_profile(n) for n in range(1, CUSTOMERS + 1)]
    values = [
        {**customer_values(p), "status": "BLOCKED" if n % 50 == 0 else "ACTIVE"}
        for n, p in enumerate(profiles)
    ]
    session = MysqlRelationalSession(connection)
    session.change_all(customers._INSERT, values)
    session.change_all(transaction_records._INSERT, rows_of_transactions())
    taken = rows_of_decisions()
    session.change_all(decisions._INSERT, taken)
    session.change_all(
        decisions._INSERT_KEY,
        [
            {
                "client_id": "portal",
                "idempotency_key": f"key-{n}",
                "body_digest": "b" * 64,
                "decision_id": row["decision_id"],
            }
            for n, row in enumerate(taken)
        ],
    )
    outbox.insert_changes(
        session, [outbox.OutboxChange("customer", p.customer_id, 1, b"{}") for p in profiles * 2]
    )
    connection.execute(text("UPDATE outbox SET available_at = :until WHERE row_id % 3 = 0"), {"until": DAY})
    audit.append_events(session, NOON, [audit.Event("a", "x", str(n), b"{}") for n in range(1_000)])


@pytest.fixture(scope="module")
def filled() -> Iterator[Connection]:
    engine = make_engine(fresh_mysql(), connections=1)
    upgrade(engine, "relational")
    with engine.begin() as connection:
        fill(connection)
    with engine.connect() as connection:
        for table in ("customers", "transactions", "credit_decisions", "idempotency_keys", "outbox", "audit"):
            connection.execute(text(f"ANALYZE TABLE {table}"))
        yield connection
    engine.dispose()


@dataclass(frozen=True)
class Step:
    """One line of a plan. ``access`` is how the table is reached: ALL and index read all of it."""

    table: str
    access: str
    index: str | None
    rows: int
    extra: str


def plan(connection: Connection, statement: str, values: Mapping[str, Any]) -> list[Step]:
    found = connection.execute(prepared(f"EXPLAIN {statement}"), dict(values)).mappings()
    return [Step(r["table"], r["type"], r["key"], int(r["rows"] or 0), r["Extra"] or "") for r in found]


@dataclass(frozen=True)
class Query:
    name: str
    statement: str
    values: Mapping[str, Any]
    table: str
    index: str
    most_rows: int = 10  # that the server expects to look at
    sorts: bool = False


QUERIES = [
    Query("customer by CPF", customers._BY_CPF, {"value": f"{700:064x}"}, "customers", "idx_customer_cpf"),
    Query("customer by id", customers._BY_ID, {"value": A_CUSTOMER}, "customers", "uq_customer_id"),
    Query(
        "customers of a batch",
        customers._LOCK,
        {"customer_ids": [A_CUSTOMER, "C-00900"]},
        "customers",
        "uq_customer_id",
    ),
    Query(
        "owners of a batch of transactions",
        transaction_records._OWNERS,
        {"customer_ids": [A_CUSTOMER, "C-00900"]},
        "customers",
        "uq_customer_id",
    ),
    Query(
        "known transactions",
        transaction_records._KNOWN,
        {"ids": ["T-00007", "T-00008"]},
        "transactions",
        "uq_transaction_id",
    ),
    Query(
        "history of a customer",
        transaction_records._BETWEEN,
        {"customer_id": A_CUSTOMER, "since": START, "until": START + 60 * DAY, "most": 50},
        "transactions",
        "idx_customer_transaction",
        sorts=True,  # ties in time, of one customer
    ),
    Query(
        "decision by id", decisions._BODY, {"decision_id": A_DECISION}, "credit_decisions", "uq_decision_id"
    ),
    Query(
        "decision by key",
        decisions._KEY,
        {"client_id": "portal", "idempotency_key": "key-7"},
        "k",
        "PRIMARY",
    ),
    Query(
        "newest decisions of a customer",
        decisions._NEWEST,
        {"customer_id": A_CUSTOMER, "most": 20},
        "credit_decisions",
        "idx_customer_decision_page",
    ),
    Query(
        "older decisions of a customer",
        decisions._OLDER,
        {"customer_id": A_CUSTOMER, "before": A_DECISION, "most": 20},
        "credit_decisions",
        "idx_customer_decision_page",
    ),
    Query(
        "older changes of a key",
        outbox._FREE,
        {"now": 1, "most": 100},
        "older",
        "idx_outbox_key",
    ),
    Query(
        "page of the audit trail",
        audit._PAGE,
        {"after": 950, "most": 50},
        "audit",
        "PRIMARY",
        most_rows=200,
    ),
    Query(
        "policy in force",
        policies._NEWEST,
        {"name": "sample", "most": 1},
        "credit_policy_activations",
        "idx_policy_activation",
    ),
    Query(
        "records of a sample",
        comparison.TABLES["decision"].by_number,
        {"numbers": [7, 70, 700]},
        "t",
        "PRIMARY",
    ),
    Query(
        "blocked customers",
        "SELECT customer_id FROM customers WHERE status = :status",
        {"status": "BLOCKED"},
        "customers",
        "idx_customer_status",
        most_rows=CUSTOMERS // 10,
    ),
    Query(
        "transactions of a day",
        "SELECT amount_cents FROM transactions WHERE created_at >= :since AND created_at < :until",
        {"since": START, "until": START + DAY},
        "transactions",
        "idx_transaction_date",
        most_rows=CUSTOMERS * EACH // 10,
    ),
    Query(
        "decisions of a day",
        "SELECT outcome FROM credit_decisions WHERE decision_date >= :since AND decision_date < :until",
        {"since": START, "until": START + DAY},
        "credit_decisions",
        "idx_decision_date",
        most_rows=CUSTOMERS * EACH // 10,
    ),
    Query(
        "decisions of a customer in a span",
        "SELECT outcome FROM credit_decisions WHERE customer_id = :customer_id "
        "AND decision_date >= :since AND decision_date < :until",
        {"customer_id": A_CUSTOMER, "since": START, "until": START + 20 * DAY},
        "credit_decisions",
        "idx_customer_decision",
    ),
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_the_query_uses_its_index(filled: Connection, query: Query) -> None:
    steps = plan(filled, query.statement, query.values)
    (step,) = [step for step in steps if step.table == query.table]
    assert (step.index, step.rows <= query.most_rows) == (query.index, True), steps
    assert step.access not in ("ALL", "index"), steps
    assert query.sorts or not any("filesort" in step.extra for step in steps), steps


def test_a_page_of_customers_is_read_in_the_order_of_their_ids(filled: Connection) -> None:
    (step,) = plan(filled, customers._PAGE, {"after": "C-00900", "most": 50})
    assert step.index in ("uq_customer_id", "idx_combined_customer_status")
    assert step.access == "range"
    assert "filesort" not in step.extra


def test_the_combined_index_alone_answers_who_has_which_status(filled: Connection) -> None:
    statement = "SELECT customer_id, status FROM customers ORDER BY customer_id, status"
    (step,) = plan(filled, statement, {})
    assert step.index == "idx_combined_customer_status"
    assert step.extra == "Using index"


def test_free_changes_are_read_in_their_order_without_a_sort(filled: Connection) -> None:
    steps = plan(filled, outbox._FREE, {"now": 1, "most": 100})
    assert [step.index for step in steps if step.table == "o"] == ["PRIMARY"]
    assert not any("filesort" in step.extra or "temporary" in step.extra for step in steps), steps


def test_without_its_index_a_query_would_be_seen_to_read_the_table(filled: Connection) -> None:
    statement = (
        "SELECT amount_cents FROM transactions IGNORE INDEX (idx_transaction_date) WHERE created_at < :a"
    )
    (step,) = plan(filled, statement, {"a": START + DAY})
    assert (step.access, step.index) == ("ALL", None)
