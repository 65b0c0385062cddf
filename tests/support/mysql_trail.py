"""Processes held at the end of the audit trail on purpose: then all of them are in the midst of a pivot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

from dataplatform.stores.mysql.endpoint import make_engine
from tests.support.patience import wait_until

PATIENCE = 60.0  # real seconds, for a loaded machine
_WAITING = "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND info LIKE :what"


@contextmanager
def engine_of(address: str) -> Iterator[Engine]:
    engine = make_engine(address, connections=4)
    yield engine
    engine.dispose()


@contextmanager
def nobody_appends(engine: Engine) -> Iterator[None]:
    """Pivots write everything but their audit entry, and wait until the block ends."""
    with engine.begin() as holder:
        holder.execute(text("SELECT sequence FROM audit_head WHERE head = 1 FOR UPDATE"))
        yield


def wait_for_pivots(engine: Engine, count: int) -> None:
    """Until exactly so many wait for their turn."""
    wait_until(lambda: _waiting(engine) == count, PATIENCE, lambda: f"{count} pivots, not {_waiting(engine)}")


def _waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(_WAITING), {"what": "SELECT%audit_head%FOR UPDATE"}).scalar_one())
