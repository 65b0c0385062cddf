"""The data platform of the profile that the settings choose, as one process or the command line opens it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from app.bootstrap.paths import claimed_paths, paths_in, paths_of
from app.settings import EMBEDDED, Settings, SettingsError
from credit.ports.projections import WideStore
from credit.ports.sagas import Saga, SagaState
from dataplatform.errors import DataDirectoryBusy, PlatformError
from dataplatform.observability.telemetry import PrometheusTelemetry
from dataplatform.profiles.audited import verify_directory
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.profiles.embedded import open_embedded, require_stores
from dataplatform.resilience.faults import FaultBoard
from dataplatform.security.anchor_file import read_anchors
from dataplatform.security.audit_chain import AuditReport
from dataplatform.security.trail_anchor import verify_trail
from dataplatform.stores.sqlite.connection import nothing_yet
from dataplatform.stores.sqlite.saga_file import read_saga, read_sagas
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock, parse_clock
from foundation.metrics import Telemetry
from foundation.paths import is_absent
from slo.ledger.sqlite_counts import SqliteCountJournal

# The servers' drivers take time to load, and most commands ask none: they are imported where they are used.
if TYPE_CHECKING:
    from cassandra_sigv4.auth import SigV4AuthProvider

    from dataplatform.profiles.servers import Servers
    from dataplatform.stores.relational.store import RelationalStore

NEEDED = ("relational_writer", "wide_hosts", "cache")
# The stream's own code retries; a call ends well before a lease does.
STREAM = ClientPurpose(connect_seconds=2, answer_seconds=10)
JOURNAL = "ingest"  # what is done by hand is counted as the ingestion role counts it


async def open_platform(
    settings: Settings, clock: Clock, faults: FaultBoard | None, telemetry: Telemetry
) -> DataPlatform:
    """Every port, ready to use.

    Raises:
        PlatformError: the data directory, its keys or its files cannot be used.
        SettingsError: the profile needs an address that is not set.
        AwsError: AWS cannot be used as configured.
        StoreUnavailable: a server of the profile does not answer.
    """
    if settings.profile == EMBEDDED:
        return open_embedded(settings.data_dir, clock, faults)
    from dataplatform.profiles.servers import Surroundings, open_servers

    around = Surroundings(clock, faults, telemetry, Random().random)  # noqa: S311 - spreads retries only
    return await open_servers(settings.data_dir, _servers(settings, clock), around)


def _servers(settings: Settings, clock: Clock) -> Servers:
    from dataplatform.profiles.servers import Servers
    from dataplatform.stores.dynamodb.calls import HOT_STORE

    for name in NEEDED:
        if not getattr(settings, name):
            raise SettingsError(
                name,
                f"the profile {settings.profile} needs it",
                f"Set MIRANTE_{name.upper()}; `mirante stack up` starts the servers and prints "
                "their addresses",
            )
    aws = AwsClients(settings.aws_endpoint)
    return Servers(
        relational_writer=settings.relational_writer,
        relational_reader=settings.relational_reader or None,
        open_wide=lambda: open_wide_store(settings, clock),
        cache=settings.cache,
        dynamodb=aws.client("dynamodb", HOT_STORE),
        kinesis=aws.client("kinesis", STREAM),
        stream=settings.stream,
    )


def open_wide_store(settings: Settings, clock: Clock) -> tuple[WideStore, Callable[[], None]]:
    """Apache Cassandra or Amazon Keyspaces at ``wide_hosts``, and what closes it.

    Raises:
        SettingsError: ``wide_hosts`` are not host:port with one port for all.
        StoreUnavailable: nobody answers there.
        AwsError: AWS's own settings cannot be read.
    """
    from dataplatform.stores.cassandra.opening import open_cassandra_wide

    hosts, port = wide_addresses(settings.wide_hosts)
    return open_cassandra_wide(hosts, port, clock, iam=keyspaces_iam(settings))


def keyspaces_iam(settings: Settings) -> SigV4AuthProvider | None:
    """Signs in to Amazon Keyspaces (Signature Version 4); None is a plain Cassandra.

    Credentials are looked up at each sign-in, so rotated ones are used. Raises what ``AwsClients`` does.
    """
    if not settings.wide_region:
        return None
    from cassandra_sigv4.auth import SigV4AuthProvider

    return SigV4AuthProvider(AwsClients(settings.aws_endpoint).session(settings.wide_region))


def wide_addresses(text: str) -> tuple[list[str], int]:
    """Hosts, and the port that they share."""
    pairs = [address.strip().rpartition(":") for address in text.split(",")]
    ports = {port for _, _, port in pairs}
    if not all(host for host, _, _ in pairs) or len(ports) != 1 or not ports.copy().pop().isdecimal():
        problem = f"{text!r} is not a list of hosts with one port"
        raise SettingsError("wide_hosts", problem, "Give host:port,host:port")
    return [host for host, _, _ in pairs], int(ports.pop())


class DataSideRuns(PlatformError):
    """Another process writes in the data directory: which, and what can be done instead."""

    def __init__(self, busy: DataDirectoryBusy, instead: str) -> None:
        self.holder = busy.holder
        super().__init__(
            f"{busy.path}: the data side is running here ({busy.holder}), and only it may write. {instead}"
        )


@dataclass(frozen=True, slots=True)
class OfflinePlatform:
    """``random`` spreads retries and picks samples; it guards nothing."""

    platform: DataPlatform
    telemetry: Telemetry
    registry: CollectorRegistry
    clock: Clock
    random: Random


@asynccontextmanager
async def offline_platform(
    settings: Settings, instead: str, *, make: bool = False, needs: Sequence[str] = ()
) -> AsyncIterator[OfflinePlatform]:
    """Open the stores as their one writer; what was accepted is drained when the block ends.

    ``make``: the stores may be new. Otherwise, where nothing was ever stored nothing is made; ``needs`` names
    stores that have to be there beside the database.

    Raises:
        UnusableFile: one of ``needs`` is not there, or what is there is not ours.
        DataSideRuns: another process has them; ``instead`` tells the person what to do.
        NoDataFolder, DataDirectoryError: nothing was ever stored here.
        PlatformError: the data directory, its keys or its files cannot be used.
    """
    clock = parse_clock(settings.clock)
    if not make:
        _refuse_unused(settings, needs)
    journal = SqliteCountJournal(claimed_paths(settings).journal(JOURNAL), JOURNAL, clock)
    try:
        registry = CollectorRegistry(auto_describe=False)
        telemetry = PrometheusTelemetry(registry, journal)
        platform = await open_platform(settings, clock, None, telemetry)
    except DataDirectoryBusy as busy:
        journal.close()
        raise DataSideRuns(busy, instead) from None
    except BaseException:
        journal.close()
        raise
    try:
        yield OfflinePlatform(platform, telemetry, registry, clock, Random())  # noqa: S311
    finally:
        journal.close()
        await platform.close()


def _refuse_unused(settings: Settings, needs: Sequence[str]) -> None:
    """Raises NoDataFolder, UnusableFile, or DataDirectoryError: the embedded profile stored nothing yet."""
    database = paths_in(settings).relational
    if settings.profile == EMBEDDED and is_absent(database):
        raise nothing_yet(database, "database")
    if settings.profile == EMBEDDED:
        require_stores(settings.data_dir, "relational", *needs)


async def audit_report(settings: Settings) -> AuditReport:
    """The trail against its anchors, while a server runs or not.

    Raises:
        DataDirectoryError: there is no database, or it cannot be read.
        SchemaError: the anchors cannot be read.
        StoreUnavailable: the database server does not answer.
    """
    if settings.profile == EMBEDDED:
        return verify_directory(paths_of(settings).root)
    anchors = read_anchors(paths_of(settings).anchors)
    async with _relational(settings) as relational:
        return await verify_trail(relational.audit, anchors)


async def sagas_in(settings: Settings, states: Sequence[SagaState], limit: int) -> Sequence[Saga]:
    """Up to ``limit`` of each state, oldest first, while a server runs or not.

    Raises:
        DataDirectoryError, StoreUnavailable: the file, or the server, cannot be read.
    """
    if settings.profile == EMBEDDED:
        return read_sagas(paths_of(settings).root, states, limit)
    async with _relational(settings) as relational:
        return [saga for state in states for saga in await relational.sagas.list(state, limit)]


async def saga_in(settings: Settings, saga_id: str) -> Saga | None:
    """Raises as ``sagas_in`` does."""
    if settings.profile == EMBEDDED:
        return read_saga(paths_of(settings).root, saga_id)
    async with _relational(settings) as relational:
        return await relational.sagas.find(saga_id)


@asynccontextmanager
async def _relational(settings: Settings) -> AsyncIterator[RelationalStore]:
    """The source of truth on its server, beside whoever else uses it."""
    from dataplatform.stores.mysql.relational import open_mysql_relational

    clock = parse_clock(settings.clock)
    relational = await asyncio.to_thread(open_mysql_relational, settings.relational_writer, None, clock)
    try:
        yield relational
    finally:
        await relational.close()
