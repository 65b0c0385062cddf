"""A store from before: which incident may explain which is found in what it holds already."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from alarms.model.incident import Incident, IncidentState
from alarms.stores.sqlite import SCHEMAS, SqliteRouterStore
from tests.support.router_store_contract import incident

BEFORE = """
DROP INDEX incidents_bearing; DROP INDEX incidents_leaning; DROP INDEX incidents_explained;
DROP INDEX outbox_by_age; DROP INDEX outbox_by_attempt; DROP INDEX silences_by_end;
ALTER TABLE incidents DROP COLUMN bears; ALTER TABLE incidents DROP COLUMN leans;
ALTER TABLE incidents DROP COLUMN cause;
UPDATE incidents SET body = '{"torn' WHERE id = 'incident-7';
"""


def open_ones() -> list[Incident]:
    return [
        replace(incident(1), component="aurora"),
        replace(incident(2), component="aurora", slo_id="credit/latency"),
        replace(incident(3), component="api", cause_id="incident-1"),
        replace(incident(4), component="api", cause_id="incident-1", state=IncidentState.RESOLVED),
        replace(incident(5), slo_id="credit/latency"),
        incident(6),
        replace(incident(7), component="aurora"),
    ]


def test_the_relations_of_what_is_open_are_read_from_what_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "router.sqlite"
    with closing(SqliteRouterStore(path)) as store, store.transaction() as tx:
        for made in open_ones():
            tx.save_incident(made)
    with closing(sqlite3.connect(path)) as connection:
        columns = "SELECT id, bears, leans, cause FROM incidents ORDER BY id"
        before = connection.execute(columns).fetchall()
        connection.executescript(BEFORE)
        (rung,) = (schema for schema in SCHEMAS if schema.stem == "schema_relations")
        connection.executescript(rung.read_text(encoding="utf-8"))
        after = connection.execute(columns).fetchall()
    assert after == [*before[:-1], ("incident-7", None, None, None)]
