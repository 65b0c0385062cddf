"""The data platform of the profile that the settings choose."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from app.bootstrap.paths import DataPaths
from app.settings import Settings, SettingsError
from dataplatform.profiles.audited import verify_directory
from dataplatform.profiles.data_platform import DataPlatform
from dataplatform.profiles.embedded import open_embedded
from dataplatform.resilience.faults import FaultBoard
from dataplatform.security.anchor_file import read_anchors
from dataplatform.security.audit_chain import AuditReport
from dataplatform.security.trail_anchor import verify_trail
from foundation.aws.clients import AwsClients
from foundation.aws.purpose import ClientPurpose
from foundation.clock import Clock, parse_clock
from foundation.metrics import Telemetry

if TYPE_CHECKING:
    from dataplatform.profiles.servers import Servers

EMBEDDED = "embedded"
# The stream's own code retries; a call ends well before a lease does.
STREAM = ClientPurpose(connect_seconds=2, answer_seconds=10)


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
    # Imported here: the drivers of four servers take time to load, and most commands ask none.
    from dataplatform.profiles.servers import Surroundings, open_servers

    around = Surroundings(clock, faults, telemetry, Random().random)  # noqa: S311 - spreads retries only
    return await open_servers(settings.data_dir, _servers(settings, clock), around)


async def audit_report(settings: Settings) -> AuditReport:
    """The trail against its anchors, while a server runs or not.

    Raises:
        DataDirectoryError: there is no database, or it cannot be read.
        SchemaError: the anchors cannot be read.
        StoreUnavailable: the database server does not answer.
    """
    if settings.profile == EMBEDDED:
        return verify_directory(settings.data_dir)
    from dataplatform.stores.mysql.relational import open_mysql_relational

    anchors = read_anchors(DataPaths(settings.data_dir).anchors)
    relational = await asyncio.to_thread(
        open_mysql_relational, settings.relational_writer, None, parse_clock(settings.clock)
    )
    try:
        return await verify_trail(relational.audit, anchors)
    finally:
        await relational.close()


def _servers(settings: Settings, clock: Clock) -> Servers:
    from app.bootstrap.wide_store import open_wide_store
    from dataplatform.profiles.servers import Servers
    from dataplatform.stores.dynamodb.calls import HOT_STORE

    for name in ("relational_writer", "wide_hosts", "cache"):
        if not getattr(settings, name):
            raise SettingsError(
                name,
                f"the profile {settings.profile} needs it",
                f"Set MIRANTE_{name.upper()}; `mirante stack up` starts the servers and prints theirs",
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
