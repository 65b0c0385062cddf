"""The wide store that the settings name: Apache Cassandra, or Amazon Keyspaces with IAM."""

from __future__ import annotations

from collections.abc import Callable

from app.settings import Settings, SettingsError
from credit.ports.projections import WideStore
from dataplatform.stores.cassandra.opening import open_cassandra_wide
from dataplatform.stores.cassandra.sigv4 import SigV4
from foundation.clock import Clock


def open_wide_store(settings: Settings, clock: Clock) -> tuple[WideStore, Callable[[], None]]:
    """The store and what closes it; ``wide_hosts`` has to be set.

    Raises:
        SettingsError: ``wide_hosts`` are not host:port with one port for all.
        StoreUnavailable: nobody answers there.
    """
    hosts, port = wide_addresses(settings.wide_hosts)
    sigv4 = SigV4(settings.wide_region) if settings.wide_region else None
    return open_cassandra_wide(hosts, port, clock, sigv4=sigv4)


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
