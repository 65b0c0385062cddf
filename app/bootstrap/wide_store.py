"""The wide store that the settings name: Apache Cassandra, or Amazon Keyspaces with IAM."""

from __future__ import annotations

from collections.abc import Callable

from cassandra_sigv4.auth import SigV4AuthProvider

from app.settings import Settings, SettingsError
from credit.ports.projections import WideStore
from dataplatform.stores.cassandra.opening import open_cassandra_wide
from foundation.aws.clients import AwsClients
from foundation.clock import Clock


def open_wide_store(settings: Settings, clock: Clock) -> tuple[WideStore, Callable[[], None]]:
    """The store and what closes it; ``wide_hosts`` has to be set.

    Raises:
        SettingsError: ``wide_hosts`` are not host:port with one port for all.
        StoreUnavailable: nobody answers there.
        AwsError: AWS's own settings cannot be read.
    """
    hosts, port = wide_addresses(settings.wide_hosts)
    return open_cassandra_wide(hosts, port, clock, iam=keyspaces_iam(settings))


def keyspaces_iam(settings: Settings) -> SigV4AuthProvider | None:
    """Signs in to Amazon Keyspaces (Signature Version 4); None is a plain Cassandra.

    Credentials are looked up at each sign-in, so rotated ones are used. Raises what ``AwsClients`` does.
    """
    if not settings.wide_region:
        return None
    return SigV4AuthProvider(AwsClients(settings.aws_endpoint).session(settings.wide_region))


def wide_addresses(text: str) -> tuple[list[str], int]:
    """Hosts, and the port that they share."""
    pairs = [address.strip().rpartition(":") for address in text.split(",")]
    ports = {port for _, _, port in pairs}
    if not all(host for host, _, _ in pairs) or len(ports) != 1 or not ports.copy().pop().isdecimal():
        raise SettingsError(
            "wide_hosts",
            f"{text!r} are not hosts with one port",
            "Give host:port,host:port",
        )
    return [host for host, _, _ in pairs], int(ports.pop())
