"""Refuses, before it is sent, what Amazon Keyspaces does not support ("Supported Cassandra APIs", "Functional
differences", "Consistency levels" of its developer guide), so that what works on Cassandra works there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cassandra import ConsistencyLevel

from dataplatform.errors import CqlRefused

MOST_IN_BATCH = 30  # statements
MOST_IN_LIST = 100  # partitions that one IN may name

READ_LEVELS = (ConsistencyLevel.ONE, ConsistencyLevel.LOCAL_ONE, ConsistencyLevel.LOCAL_QUORUM)
WRITE_LEVELS = (ConsistencyLevel.LOCAL_QUORUM,)

STATEMENTS = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "USE"),
    *("CREATE KEYSPACE", "CREATE TABLE", "CREATE TYPE"),
    *("ALTER KEYSPACE", "ALTER TABLE"),
    *("DROP KEYSPACE", "DROP TABLE", "DROP TYPE"),
)
BATCH = "BEGIN UNLOGGED BATCH"
CLAUSES = {
    r"\bLIKE\b": "LIKE; read a range of the clustering key instead",
    r"\bUSING TIMESTAMP\b|\bAND TIMESTAMP\b": "USING TIMESTAMP; the table does not accept client timestamps",
    r"\b(COUNT|MIN|MAX|SUM|AVG) ?\(": "aggregate functions; export, or count while writing",
    r"\bBETWEEN\b": "BETWEEN, which CQL 3.11 lacks; write two comparisons",
    r"\bVECTOR ?<": "the vector type, which CQL 3.11 lacks",
    r"\bANN OF\b": "ANN OF, which CQL 3.11 lacks",
    r"\bMASKED WITH\b": "data masking, which CQL 3.11 lacks",
}

_NOISE = re.compile(r"--[^\n]*|//[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
_SPACE = re.compile(r"\s+")


def check_statement(cql: str) -> None:
    """Raises CqlRefused, naming what is not supported."""
    plain = _plain(cql)
    if plain.startswith("BEGIN"):
        _check_written_batch(cql, plain)
    elif not any(plain == known or plain.startswith(f"{known} ") for known in STATEMENTS):
        raise CqlRefused(cql, " ".join(plain.split(" ")[:3]))
    for clause, refusal in CLAUSES.items():
        if re.search(clause, plain):
            raise CqlRefused(cql, refusal)


def check_level(cql: str, level: int, serial: int | None = None) -> None:
    """Writes are LOCAL_QUORUM; reads may be weaker, never stronger. Raises CqlRefused."""
    allowed = READ_LEVELS if _plain(cql).startswith("SELECT") else WRITE_LEVELS
    if level not in allowed:
        names = " or ".join(ConsistencyLevel.value_to_name[one] for one in allowed)
        raise CqlRefused(cql, f"consistency {ConsistencyLevel.value_to_name[level]}: use {names}")
    if serial is not None:
        raise CqlRefused(cql, f"serial consistency {ConsistencyLevel.value_to_name[serial]}: leave it unset")


def check_batch(statements: Sequence[str], partitions: Sequence[str], *, logged: bool) -> None:
    """A batch is unlogged, small, unconditional and of one partition. Raises CqlRefused."""
    shown = statements[0] if statements else "an empty batch"
    if logged:
        raise CqlRefused(shown, "a LOGGED BATCH; make it unlogged, with one partition")
    if len(set(partitions)) > 1:
        raise CqlRefused(shown, "a batch over several partitions; send one per partition")
    if len(statements) > MOST_IN_BATCH:
        raise CqlRefused(shown, f"a batch of {len(statements)}: at most {MOST_IN_BATCH}")
    for cql in statements:
        _check_batched(cql)


def _check_written_batch(cql: str, plain: str) -> None:
    if not plain.startswith(BATCH):
        raise CqlRefused(cql, "a LOGGED BATCH; make it unlogged, with one partition")
    if len(re.findall(r"\b(?:INSERT INTO|UPDATE|DELETE)\b", plain)) > MOST_IN_BATCH:
        raise CqlRefused(cql, f"a batch of more than {MOST_IN_BATCH}")
    _check_batched(cql)


def _check_batched(cql: str) -> None:
    if re.search(r"\bIF\b", _plain(cql)):
        raise CqlRefused(cql, "a condition inside a batch; send it alone")


def _plain(cql: str) -> str:
    """Without comments, quoted names and values, in capitals, one blank between words."""
    return _SPACE.sub(" ", _NOISE.sub(" ? ", cql)).strip().upper()
