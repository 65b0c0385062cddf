"""Opened as Amazon Keyspaces is: TLS, a sign-in by signature, tables waited for; behind it, Cassandra."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from cassandra_sigv4.auth import SigV4AuthProvider

from credit.domain.errors import StoreUnavailable
from dataplatform.schemas.cassandra.creditdata import on_cassandra
from dataplatform.stores.cassandra.opening import open_cassandra_wide
from foundation.clock import SystemClock
from tests.support.credit_samples import a_wide_row
from tests.support.keyspaces_door import NONCE, keyspaces_door, status_tables
from tests.support.local_servers import cassandra, empty_cassandra, needs_cassandra
from tests.support.sigv4 import KEY_ID, REGION, SECRET, signed

pytestmark = needs_cassandra


def iam(secret: str = SECRET) -> SigV4AuthProvider:
    return SigV4AuthProvider(boto3.Session(KEY_ID, secret, region_name=REGION))


def accepts(text: str) -> bool:
    told = dict(part.split("=", 1) for part in text.split(","))
    return told["signature"] == signed(SECRET, NONCE, told["amzdate"])


@pytest.fixture(autouse=True)
def schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cassandra does not know the capacity settings of Keyspaces' own DDL."""
    monkeypatch.setattr("dataplatform.stores.cassandra.opening.on_keyspaces", lambda capacity: on_cassandra())


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "door.pem"))


def as_a_person() -> Callable[[str], object]:
    """Past the guard."""
    return empty_cassandra()._session.execute  # type: ignore[no-any-return]


@pytest.mark.usefixtures("trusted")
async def test_a_signed_in_store_works_through_the_door(tmp_path: Path) -> None:
    run = as_a_person()
    with status_tables(run):
        run("INSERT INTO system_schema_mcs.keyspaces (keyspace_name) VALUES ('creditplatform')")
        run(
            "INSERT INTO system_schema_mcs.tables (keyspace_name, table_name, status) "
            "VALUES ('creditplatform', 'creditdata', 'ACTIVE')"
        )
        async with keyspaces_door(tmp_path, cassandra().port, accepts) as door:
            wide, close = await asyncio.to_thread(
                open_cassandra_wide, ["localhost"], door.port, SystemClock(), iam=iam()
            )
            try:
                assert await wide.put_if_newer(a_wide_row())
                assert await wide.get("C-00001", "CUSTOMER_PROFILE") == a_wide_row()
            finally:
                await asyncio.to_thread(close)
            assert door.signed_in >= 1


@pytest.mark.usefixtures("trusted")
async def test_a_wrong_signature_is_not_let_in(tmp_path: Path) -> None:
    wrong = iam("another secret")
    async with keyspaces_door(tmp_path, cassandra().port, accepts) as door:
        with pytest.raises(StoreUnavailable):
            await asyncio.to_thread(open_cassandra_wide, ["localhost"], door.port, SystemClock(), iam=wrong)
        assert door.refused >= 1
        assert door.signed_in == 0


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    async with keyspaces_door(tmp_path, cassandra().port, accepts) as door:
        with pytest.raises(StoreUnavailable):
            await asyncio.to_thread(open_cassandra_wide, ["localhost"], door.port, SystemClock(), iam=iam())
        assert (door.refused, door.signed_in) == (0, 0)  # it never came so far
