"""What a MySQL error means to the caller: which store, what happened, how to fix it."""

from __future__ import annotations

import ssl

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from credit.domain.errors import StoreUnavailable
from dataplatform.stores.relational.session import Contended

DUPLICATE_KEY = 1062
_LOCK_WAIT, _DEADLOCK = 1205, 1213
READ_ONLY = frozenset({1290, 1792, 1836})  # the server became a reader: a failover moved the writer

_MEANINGS: dict[int, str] = {
    0: "the connection was lost; try again",
    1020: "the row changed meanwhile; try again",
    1021: "its disk is full; free some space",
    1040: "it has no free connection; lower the pool sizes or raise max_connections",
    1044: "this user may not use the database; check its grants",
    1045: "it refused the user or the password; check both in the setting",
    1049: "the database does not exist; create it, or check the name in the setting",
    1053: "it is shutting down",
    1114: "a table is full; free some space",
    1142: "this user may not use a table; check its grants",
    1146: "a table is missing; the schema was not created",
    1152: "the connection was lost; try again",
    1153: "a record is larger than its max_allowed_packet",
    1158: "the connection was lost; try again",
    1317: "the statement was interrupted; try again",
    2002: "it does not accept connections; check that it is running and that the address is right",
    2003: "it does not accept connections; check that it is running and that the address is right",
    2006: "the connection was lost; try again",
    2013: "the connection was lost; try again",
    2014: "the connection was lost; try again",
    2026: "it does not offer TLS, which the setting requires",
    2055: "the connection was lost; try again",
    4031: "the connection was lost; try again",
    **dict.fromkeys(READ_ONLY, "the server is read-only because the writer moved; try again"),
}
_CONTENTION: dict[int, str] = {
    _LOCK_WAIT: "another transaction held a record for too long; try again",
    _DEADLOCK: "a deadlock with another transaction; try again",
}


def code_of(error: SQLAlchemyError) -> int | None:
    """The server's or the driver's number for it."""
    arguments = getattr(error.orig, "args", ()) if isinstance(error, DBAPIError) else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def unavailable(store: str, error: SQLAlchemyError) -> StoreUnavailable:
    """The same failure in the caller's terms; addresses, statements and values stay out of it."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(store, "every connection is in use")
    if _distrusted(error):
        return StoreUnavailable(store, "its certificate is not trusted; check ssl_ca and the host name")
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
