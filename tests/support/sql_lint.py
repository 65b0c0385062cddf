"""Holds SQL to what MySQL 8 (Aurora MySQL 3) and MariaDB share: what one of them alone takes is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError


@dataclass(frozen=True)
class Construct:
    """Something that one of the two does not take. ``example`` is a statement that holds it."""

    name: str
    refused_by: str
    pattern: str
    example: str

    def is_in(self, statement: str) -> bool:
        return re.search(self.pattern, statement, re.IGNORECASE | re.DOTALL) is not None


CONSTRUCTS = (
    Construct("->", "MariaDB", r"->", "SELECT body->'$.a' FROM t"),
    Construct("->>", "MariaDB", r"->>", "SELECT body->>'$.a' FROM t"),
    Construct("invisible index", "MariaDB", r"\bINVISIBLE\b", "CREATE INDEX i ON t (a) INVISIBLE"),
    Construct(
        "functional index",
        "MariaDB",
        r"\b(INDEX|KEY)\b(\s+\w+)?(\s+ON\s+\w+)?\s*\(\s*\(",
        "CREATE INDEX i ON t ((lower(a)))",
    ),
    Construct(
        "row alias of an upsert",
        "MariaDB",
        r"\)\s*AS\s+\w+(\s*\([^)]*\))?\s+ON\s+DUPLICATE\b",
        "INSERT INTO t (a) VALUES (1) AS new ON DUPLICATE KEY UPDATE a = new.a",
    ),
    Construct(
        "LATERAL",
        "MariaDB",
        r"\bLATERAL\b",
        "SELECT 1 FROM t, LATERAL (SELECT 1 AS one FROM u WHERE u.a = t.a) AS d",
    ),
    Construct("EXPLAIN ANALYZE", "MariaDB", r"\bEXPLAIN\s+ANALYZE\b", "EXPLAIN ANALYZE SELECT 1"),
    Construct(
        "collation utf8mb4_0900",
        "MariaDB",
        r"\butf8mb4_0900_\w+",
        "CREATE TABLE t (a VARCHAR(9)) COLLATE utf8mb4_0900_ai_ci",
    ),
    Construct("FOR SHARE", "MariaDB", r"\bFOR\s+SHARE\b", "SELECT a FROM t FOR SHARE"),
    Construct("FOR UPDATE OF", "MariaDB", r"\bFOR\s+UPDATE\s+OF\b", "SELECT a FROM t FOR UPDATE OF t"),
    Construct("VALUES ROW", "MariaDB", r"\bVALUES\s+ROW\b", "VALUES ROW(1, 2)"),
    Construct("MEMBER OF", "MariaDB", r"\bMEMBER\s+OF\b", "SELECT 1 MEMBER OF ('[1]')"),
    Construct("SET PERSIST", "MariaDB", r"\bSET\s+PERSIST\b", "SET PERSIST max_connections = 9"),
    Construct("GROUPING", "MariaDB", r"\bGROUPING\s*\(", "SELECT GROUPING(a) FROM t GROUP BY a WITH ROLLUP"),
    Construct("ANY_VALUE", "MariaDB", r"\bANY_VALUE\s*\(", "SELECT ANY_VALUE(a) FROM t"),
    Construct("REGEXP_LIKE", "MariaDB", r"\bREGEXP_LIKE\s*\(", "SELECT REGEXP_LIKE(a, 'x') FROM t"),
    Construct("UUID_TO_BIN", "MariaDB", r"\b(UUID_TO_BIN|BIN_TO_UUID)\s*\(", "SELECT BIN_TO_UUID(a) FROM t"),
    Construct("TABLE statement", "MariaDB", r"^\s*TABLE\s+\w+", "TABLE t"),
    Construct("RETURNING", "MySQL", r"\bRETURNING\b", "INSERT INTO t (a) VALUES (1) RETURNING a"),
    Construct(
        "CREATE OR REPLACE",
        "MySQL",
        r"\bCREATE\s+OR\s+REPLACE\s+(?!VIEW\b)",
        "CREATE OR REPLACE TABLE t (a INTEGER)",
    ),
    Construct("sequence", "MySQL", r"\bCREATE\s+SEQUENCE\b", "CREATE SEQUENCE s"),
    Construct(
        "next value of a sequence",
        "MySQL",
        r"\bNEXT\s+VALUE\s+FOR\b|\bNEXTVAL\s*\(",
        "SELECT NEXT VALUE FOR s",
    ),
    Construct(
        "IF EXISTS of a part of a table",
        "MySQL",
        r"\b(ADD|DROP|MODIFY|CHANGE|CREATE(\s+UNIQUE)?)\s+(COLUMN|INDEX|KEY|CONSTRAINT)\s+IF\b",
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS a INTEGER",
    ),
    Construct(
        "system versioning",
        "MySQL",
        r"\bSYSTEM\s+VERSIONING\b|\bPERIOD\s+FOR\b",
        "CREATE TABLE t (a INTEGER) WITH SYSTEM VERSIONING",
    ),
    Construct(
        "SET STATEMENT", "MySQL", r"\bSET\s+STATEMENT\b", "SET STATEMENT max_statement_time = 1 FOR SELECT 1"
    ),
    Construct(
        "column type of MariaDB", "MySQL", r"\w\s+(UUID|INET4|INET6)\b(?!\s*\()", "CREATE TABLE t (a UUID)"
    ),
    Construct(
        "another engine than InnoDB",
        "MySQL",
        r"\bENGINE\s*=\s*(?!InnoDB\b)\w+",
        "CREATE TABLE t (a INTEGER) ENGINE=Aria",
    ),
    Construct(
        "collation of MariaDB",
        "MySQL",
        r"\w+_nopad_\w+|\butf8mb4_uca1400_\w+|\buca1400_\w+",
        "CREATE TABLE t (a VARCHAR(9)) COLLATE utf8mb4_nopad_bin",
    ),
    Construct("EXECUTE IMMEDIATE", "MySQL", r"\bEXECUTE\s+IMMEDIATE\b", "EXECUTE IMMEDIATE 'SELECT 1'"),
    Construct("BEGIN NOT ATOMIC", "MySQL", r"\bBEGIN\s+NOT\s+ATOMIC\b", "BEGIN NOT ATOMIC SELECT 1; END"),
    Construct(
        "FETCH FIRST",
        "MySQL",
        r"\bFETCH\s+(FIRST|NEXT)\b|\bOFFSET\s+\S+\s+ROWS?\b",
        "SELECT a FROM t ORDER BY a FETCH FIRST 1 ROWS ONLY",
    ),
    Construct("WAIT n", "MySQL", r"\bFOR\s+UPDATE\s+WAIT\b", "SELECT a FROM t FOR UPDATE WAIT 3"),
    Construct("ROWS EXAMINED", "MySQL", r"\bROWS\s+EXAMINED\b", "SELECT a FROM t LIMIT ROWS EXAMINED 9"),
    Construct("MEDIAN", "MySQL", r"\bMEDIAN\s*\(", "SELECT MEDIAN(a) OVER () FROM t"),
    Construct(
        "VALUE() of an upsert",
        "MySQL",
        r"\bDUPLICATE\s+KEY\s+UPDATE\b.*\bVALUE\s*\(",
        "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = VALUE(a)",
    ),
    Construct(
        "INTERSECT or EXCEPT",
        "MySQL before 8.0.31",
        r"\b(INTERSECT|EXCEPT)\b",
        "SELECT a FROM t INTERSECT SELECT a FROM u",
    ),
    Construct(
        "CREATE TRIGGER IF NOT EXISTS",
        "MySQL before 8.0.29",
        r"\bCREATE\s+TRIGGER\s+IF\b",
        "CREATE TRIGGER IF NOT EXISTS r BEFORE UPDATE ON t FOR EACH ROW SET NEW.a = 1",
    ),
)
CHANGES_WHAT_IT_READS = "a table is changed and read by one statement"
RESERVED = "a word that MySQL 8 reserves is used as a name"
UNREADABLE = "MySQL's grammar does not take it"

# Reserved in MySQL 8, free in MariaDB. The other way round the running server tells.
MYSQL_RESERVED = frozenset(
    (
        "CUBE",
        "CUME_DIST",
        "DENSE_RANK",
        "EMPTY",
        "FIRST_VALUE",
        "FUNCTION",
        "GENERATED",
        "GET",
        "GROUPING",
        "GROUPS",
        "IO_AFTER_GTIDS",
        "IO_BEFORE_GTIDS",
        "JSON_TABLE",
        "LAG",
        "LAST_VALUE",
        "LATERAL",
        "LEAD",
        "MANUAL",
        "MASTER_BIND",
        "NTH_VALUE",
        "NTILE",
        "OF",
        "OPTIMIZER_COSTS",
        "PARALLEL",
        "PERCENT_RANK",
        "QUALIFY",
        "RANK",
        "ROW_NUMBER",
        "STORED",
        "SYSTEM",
        "TABLESAMPLE",
        "VIRTUAL",
        "WINDOW",
    )
)
_LITERAL_OR_COMMENT = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_NAMED_VALUE = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")  # some names are words of the grammar
_NO_GRAMMAR = re.compile(r"\s*(CREATE|DROP)\s+TRIGGER\b", re.IGNORECASE)  # the parser has none for these


def findings(statement: str) -> list[str]:
    """What is wrong with a statement; empty when both take it. Values stand as ``:name`` or ``?``."""
    bare = _LITERAL_OR_COMMENT.sub("''", statement)
    found = [f"{c.name}: {c.refused_by} refuses it" for c in CONSTRUCTS if c.is_in(bare)]
    if _NO_GRAMMAR.match(bare):
        return found
    try:
        tree = sqlglot.parse_one(named_values(statement), dialect="mysql")
    except SqlglotError as error:
        return [*found, f"{UNREADABLE}: {error}"]
    if isinstance(tree, exp.Command):
        return [*found, UNREADABLE]
    return [*found, *_told_by_the_tree(tree)]


def named_values(statement: str) -> str:
    """The statement with values that no word of the grammar is mistaken for."""
    return _NAMED_VALUE.sub(r":a_\1", statement)


def _told_by_the_tree(tree: exp.Expr) -> Iterator[str]:
    for name in tree.find_all(exp.Identifier):
        if not name.args.get("quoted") and name.name.upper() in MYSQL_RESERVED:
            yield f"{RESERVED}: {name.name}"
    target = tree.find(exp.Table) if isinstance(tree, exp.Update | exp.Delete) else None
    inner = (table.name for query in tree.find_all(exp.Select) for table in query.find_all(exp.Table))
    if target is not None and target.name in inner:
        yield f"{CHANGES_WHAT_IT_READS}: MySQL refuses it ({target.name})"
