"""What Amazon Keyspaces does not support is refused by name before it is sent; the rest passes."""

from __future__ import annotations

import pytest
from cassandra import ConsistencyLevel

from dataplatform.errors import CqlRefused
from dataplatform.stores.cassandra.guard import check_batch, check_level, check_statement
from dataplatform.stores.cassandra.session import GuardedSession

REFUSED = {
    "CREATE INDEX by_status ON t (status)": "CREATE INDEX",
    "CREATE CUSTOM INDEX by_status ON t (status) USING 'sai'": "CREATE CUSTOM INDEX",
    "DROP INDEX by_status": "DROP INDEX",
    "CREATE MATERIALIZED VIEW v AS SELECT * FROM t": "CREATE MATERIALIZED VIEW",
    "ALTER MATERIALIZED VIEW v WITH comment = 'x'": "ALTER MATERIALIZED VIEW",
    "DROP MATERIALIZED VIEW v": "DROP MATERIALIZED VIEW",
    "CREATE TRIGGER g ON t USING 'x'": "CREATE TRIGGER",
    "DROP TRIGGER g ON t": "DROP TRIGGER",
    "CREATE FUNCTION f (x int) RETURNS int LANGUAGE java AS 'x'": "CREATE FUNCTION",
    "CREATE OR REPLACE FUNCTION f (x int) RETURNS int LANGUAGE java AS 'x'": "CREATE OR REPLACE",
    "DROP FUNCTION f": "DROP FUNCTION",
    "CREATE AGGREGATE a (int) SFUNC f STYPE int": "CREATE AGGREGATE",
    "DROP AGGREGATE a": "DROP AGGREGATE",
    "ALTER TYPE address ADD street text": "ALTER TYPE",
    "TRUNCATE t": "TRUNCATE",
    "truncate  TABLE t": "TRUNCATE",
    "/* tidy */ TRUNCATE t": "TRUNCATE",
    "CREATE ROLE r": "CREATE ROLE",
    "GRANT SELECT ON t TO r": "GRANT",
    "REVOKE SELECT ON t FROM r": "REVOKE",
    "LIST ROLES": "LIST",
    "BEGIN BATCH INSERT INTO t (a) VALUES (1); APPLY BATCH": "LOGGED BATCH",
    "BEGIN LOGGED BATCH INSERT INTO t (a) VALUES (1); APPLY BATCH": "LOGGED BATCH",
    "BEGIN COUNTER BATCH UPDATE t SET c = c + 1; APPLY BATCH": "LOGGED BATCH",
    "BEGIN UNLOGGED BATCH INSERT INTO t (a) VALUES (1) IF NOT EXISTS; APPLY BATCH": "condition",
    f"BEGIN UNLOGGED BATCH {'INSERT INTO t (a) VALUES (1); ' * 31} APPLY BATCH": "more than 30",
    "SELECT * FROM t WHERE a = 1 AND data_type LIKE 'TRANSACTION#%'": "LIKE",
    "SELECT count(*) FROM t": "aggregate",
    "SELECT max(version) FROM t WHERE a = 1": "aggregate",
    "SELECT * FROM t WHERE a = 1 AND b BETWEEN 1 AND 2": "BETWEEN",
    "SELECT * FROM t ORDER BY embedding ANN OF [1.0] LIMIT 1": "ANN OF",
    "CREATE TABLE t (a int PRIMARY KEY, e vector<float, 3>)": "vector",
    "CREATE TABLE t (a int PRIMARY KEY, e text MASKED WITH DEFAULT)": "masking",
    "INSERT INTO t (a) VALUES (1) USING TIMESTAMP 5": "TIMESTAMP",
    "UPDATE t USING TTL 5 AND TIMESTAMP 5 SET b = 1 WHERE a = 1": "TIMESTAMP",
    "nonsense": "NONSENSE",
}

ALLOWED = (
    "SELECT a, b FROM t WHERE a = 'TRUNCATE LIKE' -- LIKE",
    'SELECT "like" FROM t WHERE a = 1',
    "SELECT * FROM t WHERE a = 1 AND b >= 'TRANSACTION#' AND b < 'TRANSACTION$' LIMIT 5",
    "SELECT * FROM t WHERE token(a) > token(?)",
    "INSERT INTO t (a) VALUES (1) IF NOT EXISTS USING TTL 5",
    "UPDATE t USING TTL 5 SET b = 1 WHERE a = 1 IF version = 2",
    "DELETE FROM t WHERE a = 1 IF EXISTS",
    "BEGIN UNLOGGED BATCH INSERT INTO t (a) VALUES (1); APPLY BATCH",
    "CREATE TABLE t (a int PRIMARY KEY)",
    "ALTER TABLE t ADD b int",
    "CREATE TYPE address (street text)",
    "USE creditplatform",
)


@pytest.mark.parametrize("cql", REFUSED, ids=lambda cql: cql[:60])
def test_what_keyspaces_does_not_support_is_refused_by_name(cql: str) -> None:
    with pytest.raises(CqlRefused) as refused:
        check_statement(cql)
    assert REFUSED[cql] in refused.value.feature
    assert "Amazon Keyspaces does not support" in str(refused.value)


@pytest.mark.parametrize("cql", ALLOWED)
def test_what_keyspaces_supports_passes(cql: str) -> None:
    check_statement(cql)


LEVELS = sorted(ConsistencyLevel.value_to_name)
READS = {"ONE", "LOCAL_ONE", "LOCAL_QUORUM"}


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: ConsistencyLevel.value_to_name[level])
def test_writes_are_local_quorum_and_reads_no_stronger(level: int) -> None:
    name = ConsistencyLevel.value_to_name[level]
    for cql, allowed in (("SELECT * FROM t", READS), ("UPDATE t SET a = 1", {"LOCAL_QUORUM"})):
        if name in allowed:
            check_level(cql, level)
        else:
            with pytest.raises(CqlRefused, match=name):
                check_level(cql, level)


def test_a_serial_consistency_is_refused() -> None:
    with pytest.raises(CqlRefused, match="LOCAL_SERIAL"):
        check_level("SELECT * FROM t", ConsistencyLevel.LOCAL_QUORUM, ConsistencyLevel.LOCAL_SERIAL)


INSERT = "INSERT INTO t (a) VALUES (?)"


def test_a_batch_is_unlogged_small_unconditional_and_of_one_partition() -> None:
    check_batch([INSERT] * 30, ["C-1"] * 30, logged=False)
    for statements, partitions, logged, told in (
        ([INSERT], ["C-1"], True, "LOGGED BATCH"),
        ([INSERT] * 2, ["C-1", "C-2"], False, "several partitions"),
        ([INSERT] * 31, ["C-1"] * 31, False, "a batch of 31"),
        ([f"{INSERT} IF NOT EXISTS"], ["C-1"], False, "condition"),
    ):
        with pytest.raises(CqlRefused, match=told):
            check_batch(statements, partitions, logged=logged)


class Unreachable:
    """Whoever sends anything through it fails."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} was sent")


async def test_a_session_sends_nothing_that_is_refused() -> None:
    session = GuardedSession(Unreachable())
    with pytest.raises(CqlRefused):
        session.run("TRUNCATE creditplatform.creditdata")
    with pytest.raises(CqlRefused):
        await session.rows("SELECT * FROM t WHERE a = ? AND b LIKE ?", "C-1", "TRANSACTION#%")
    with pytest.raises(CqlRefused):
        await session.together(INSERT, [("C-1",), ("C-2",)])
