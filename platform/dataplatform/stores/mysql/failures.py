"""What a MySQL error means to the caller: which store, what happened, how to mend it."""

from __future__ import annotations

import re
import ssl

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from credit.domain.errors import StoreUnavailable

DUPLICATE_KEY, NO_PARENT_ROW = 1062, 1452
_LOCK_WAIT, _DEADLOCK = 1205, 1213
READ_ONLY = frozenset({1290, 1792, 1836})  # the server became a reader: a failover moved the writer

_MEANINGS: dict[int, str] = {
    0: "the connection was lost; try again",
    1020: "the row changed meanwhile; try again",
    1021: "its disk is full; free some space",
    1040: "it has no connection left; lower the pools or raise max_connections",
    1044: "this user may not use the database; check its grants",
    1045: "it refused the user or the password; check the address",
    1049: "the database does not exist; make it, or check the address",
    1053: "it is shutting down",
    1114: "a table is full; free some space",
    1142: "this user may not use a table; check its grants",
    1146: "a table is missing; the schema was not made",
    1152: "the connection was lost; try again",
    1153: "a record is larger than its max_allowed_packet",
    1158: "the connection was lost; try again",
    1317: "the statement was interrupted; try again",
    2002: "it does not accept connections; check that it runs and the address",
    2003: "it does not accept connections; check that it runs and the address",
    2006: "the connection was lost; try again",
    2013: "the connection was lost; try again",
    2014: "the connection was lost; try again",
    2026: "it does not offer TLS, which the address demands",
    2055: "the connection was lost; try again",
    4031: "the connection was lost; try again",
    **dict.fromkeys(READ_ONLY, "the server only reads: the writer moved; try again"),
}
_DUPLICATE = re.compile(r"'(?P<value>.*)' for key '(?:[^']*\.)?(?P<index>[^'.]+)'$", re.DOTALL)
_CONTENTION: dict[int, str] = {
    _LOCK_WAIT: "another transaction held a record for too long; try again",
    _DEADLOCK: "a deadlock with another transaction; try again",
}


class Contended(StoreUnavailable):
    """Other transactions were in the way. This one was rolled back whole and may be tried again."""


def code_of(error: SQLAlchemyError) -> int | None:
    """The server's or the driver's number for it."""
    arguments = getattr(error.orig, "args", ()) if isinstance(error, DBAPIError) else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def duplicate(error: IntegrityError) -> tuple[str, str] | None:
    """The unique index that refused a row and the value it has already; None when something else refused.

    MariaDB quotes the index alone, MySQL 8 after its table: ``for key 'customers.idx_customer_cpf'``.
    """
    if code_of(error) != DUPLICATE_KEY or error.orig is None:
        return None
    found = _DUPLICATE.search(str(error.orig.args[1]))
    return (found["index"], found["value"]) if found else None


def duplicated_index(error: IntegrityError) -> str | None:
    """The unique index that refused a row, or None when something else did."""
    found = duplicate(error)
    return None if found is None else found[0]


def unavailable(store: str, error: SQLAlchemyError) -> StoreUnavailable:
    """The same failure in the caller's terms; addresses, statements and values stay out of it."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(store, "every connection is in use")
    if _distrusted(error):
        return StoreUnavailable(store, "its certificate is not trusted; check ssl_ca and the host's name")
    code = code_of(error)
    if code in _CONTENTION:
        return Contended(store, _CONTENTION[code])
    meaning = None if code is None else _MEANINGS.get(code)
    return StoreUnavailable(
        store, meaning or f"the server answered with error {code or type(error).__name__}"
    )


def _distrusted(error: SQLAlchemyError) -> bool:
    origin = error.orig if isinstance(error, DBAPIError) else None
    return isinstance(getattr(origin, "original_exception", None), ssl.SSLError)
