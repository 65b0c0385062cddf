"""The MySQL schema: the document's tables and indexes, made once, by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from credit.domain.errors import StoreUnavailable
from dataplatform.errors import SchemaError
from dataplatform.local.server import LOOPBACK, free_port
from dataplatform.schemas.mysql.versions import first_tables
from dataplatform.security.anchor_file import AnchorFile, read_anchors
from dataplatform.security.audit_chain import Damage
from dataplatform.security.trail_anchor import TrailAnchor, verify_trail
from dataplatform.stores.mysql.endpoint import make_engine
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.mysql.upgrade import scripts, upgrade
from foundation.clock import SystemClock
from tests.support.credit_samples import a_decision, a_key
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.whole_chain import verify

pytestmark = needs_mariadb
NEWEST = scripts().get_current_head()

# Appendix B.1 and §4.1.1: table, index, columns. No CPF is kept in clear: its blind index stands for it.
DOCUMENTED = {
    ("customers", "idx_customer_cpf"): ["cpf_index"],
    ("customers", "idx_customer_status"): ["status"],
    ("customers", "idx_combined_customer_status"): ["customer_id", "status"],
    ("transactions", "idx_transaction_date"): ["created_at"],
    ("transactions", "idx_customer_transaction"): ["customer_id", "created_at"],
    ("credit_decisions", "idx_decision_date"): ["decision_date"],
    ("credit_decisions", "idx_customer_decision"): ["customer_id", "decision_date"],
}


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = make_engine(fresh_mysql(), connections=8)
    yield engine
    engine.dispose()


def shape(engine: Engine) -> dict[str, str]:
    """Every table as the server would make it again."""
    with engine.connect() as connection:
        tables = connection.execute(text("SHOW TABLES")).scalars().all()
        return {t: connection.execute(text(f"SHOW CREATE TABLE {t}")).one()[1] for t in tables}


def test_every_documented_table_and_index_is_there(engine: Engine) -> None:
    upgrade(engine, "relational")
    found: dict[tuple[str, str], list[str]] = {}
    with engine.connect() as connection:
        for row in connection.execute(
            text(
                "SELECT table_name, index_name, column_name FROM information_schema.statistics "
                "WHERE table_schema = database() ORDER BY table_name, index_name, seq_in_index"
            )
        ):
            found.setdefault((row[0], row[1]), []).append(row[2])
    assert {name: found.get(name) for name in DOCUMENTED} == DOCUMENTED
    assert "credit_policies" in shape(engine)


def test_a_second_upgrade_changes_nothing(engine: Engine) -> None:
    assert upgrade(engine, "relational") == NEWEST
    before = shape(engine)
    assert upgrade(engine, "relational") == NEWEST
    assert shape(engine) == before


def test_of_several_that_start_at_once_one_upgrades_and_all_go_on(engine: Engine) -> None:
    with ThreadPoolExecutor(6) as starting:
        found = list(starting.map(lambda _: upgrade(engine, "relational"), range(6)))
    assert found == [NEWEST] * 6
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM schema_version")).scalars().all() == [NEWEST]
        assert connection.execute(text("SELECT sequence FROM audit_head")).scalars().all() == [0]


@pytest.mark.parametrize("done", [1, 5, len(first_tables.STATEMENTS) - 2, len(first_tables.STATEMENTS)])
def test_an_upgrade_that_was_killed_half_way_is_taken_up_again(engine: Engine, done: int) -> None:
    """MySQL commits after each statement that changes a schema, so a rung can be left half climbed."""
    with engine.begin() as connection:
        for statement in first_tables.STATEMENTS[:done]:
            connection.execute(text(statement))
    assert upgrade(engine, "relational") == NEWEST
    whole = make_engine(fresh_mysql(), connections=1)
    upgrade(whole, "relational")
    assert shape(engine) == shape(whole)
    whole.dispose()


def test_a_newer_schema_is_refused_and_left_alone(engine: Engine) -> None:
    upgrade(engine, "relational")
    with engine.begin() as connection:
        connection.execute(text("UPDATE schema_version SET version_num = '9999'"))
    with pytest.raises(
        SchemaError, match="revision 9999, but the newest that this program knows is"
    ) as refused:
        upgrade(engine, "relational")
    assert "Use the newer version" in str(refused.value)
    assert "mirante-local" not in str(refused.value), "the password stays out of what people read"


def test_a_server_that_does_not_answer_is_unavailable_and_its_address_stays_out_of_it() -> None:
    with pytest.raises(StoreUnavailable, match="does not accept connections") as refused:
        open_mysql_relational(f"mysql://u:secret@{LOOPBACK}:{free_port()}/x", None, SystemClock())
    assert "secret" not in str(refused.value)


async def test_the_audit_trail_is_append_only_for_whoever_speaks_sql() -> None:
    address = fresh_mysql()
    opened = open_mysql_relational(address, None, SystemClock())
    await opened.decisions.record(a_decision(1), a_key(1))
    engine = make_engine(address, connections=1)
    for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    assert len(await opened.audit.entries(10)) == 1
    engine.dispose()
    await opened.close()


async def test_a_trail_that_its_owner_cut_by_sql_is_told_by_its_anchor(tmp_path: Path) -> None:
    """The owner can drop the triggers and fix the head; what was written down elsewhere stays."""
    address, anchors = fresh_mysql(), AnchorFile(tmp_path)
    opened = open_mysql_relational(address, None, SystemClock())
    for number in range(1, 6):
        await opened.decisions.record(a_decision(number), a_key(number))
    anchor = TrailAnchor(opened.audit, anchors, SystemClock())
    assert await anchor.run_once()
    engine = make_engine(address, connections=1)
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_is_append_only_delete"))
        connection.execute(text("DELETE FROM audit WHERE sequence > 3"))
        connection.execute(
            text("UPDATE audit_head SET sequence = 3, digest = (SELECT digest FROM audit WHERE sequence = 3)")
        )
    engine.dispose()
    await opened.decisions.record(a_decision(6), a_key(6))
    assert verify(await opened.audit.entries(10), []).intact, "by itself the chain looks whole"
    with pytest.raises(SchemaError, match="entry 5 has an anchor but is missing"):
        await anchor.run_once()
    report = await verify_trail(opened.audit, read_anchors(tmp_path))
    assert [finding.damage for finding in report.findings] == [Damage.TRUNCATED]
    anchors.close()
    await opened.close()
