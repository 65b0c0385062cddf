"""The real servers of the local profile: what they tell each other, and how Mirante finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.settings import Settings
from dataplatform.local.alertmanager import Alertmanager
from dataplatform.local.aws_emulator import AwsEmulator
from dataplatform.local.cassandra import Cassandra, cassandra_jars
from dataplatform.local.prometheus import Prometheus, point_at
from dataplatform.local.server import LOOPBACK, LocalServer
from dataplatform.local.stack import Member

STORES = ("mariadb", "redis", "cassandra", "aws")
CHECKOUT_JARS = Path(".servers")
CHECKOUT_EMULATOR = Path(".venv-emulator") / "bin" / "ministack"  # where the Makefile puts it


def local_servers(folder: Path, jars: Path | None, aws_emulator: Path | None) -> Mapping[str, LocalServer]:
    """By name. ``jars``, ``aws_emulator``: where they are; None: in the checkout or below ``folder``."""
    from dataplatform.local.mariadb import MariaDb  # its client and Redis' take time to load
    from dataplatform.local.redis import Redis

    java = jars or (CHECKOUT_JARS if CHECKOUT_JARS.exists() else folder / "jars")
    program = aws_emulator or (CHECKOUT_EMULATOR if CHECKOUT_EMULATOR.exists() else None)
    every: Sequence[LocalServer] = (
        MariaDb(),
        Redis(),
        Cassandra(cassandra_jars(java.resolve())),
        AwsEmulator(program.resolve() if program else None),
        Alertmanager(),
        Prometheus(),
    )
    return {server.name: server for server in every}


def introduce(settings: Settings, folder: Path, members: Mapping[str, Member]) -> None:
    """What they need to know of one another."""
    if mariadb := members.get("mariadb"):
        from dataplatform.local.mariadb import keep_database

        keep_database(mariadb.port, "mirante")
        keep_database(mariadb.port, "router")
    if "prometheus" in members:
        scraped = [f"{settings.host}:{port}" for port in (settings.api_port, settings.control_port)]
        alertmanager = members.get("alertmanager")
        told = [f"{LOOPBACK}:{alertmanager.port}"] if alertmanager else []
        point_at(folder / "prometheus", scraped=scraped, alertmanagers=told)


def addresses(members: Mapping[str, Member]) -> Mapping[str, Any]:
    """Settings of Mirante by name, as these servers answer to them."""
    found: dict[str, str] = {}
    for name, member in members.items():
        found.update(_settings_of(name, member))
    return found


def _settings_of(name: str, member: Member) -> Mapping[str, str]:
    at = f"{LOOPBACK}:{member.port}"
    if name == "mariadb":
        from dataplatform.local.mariadb import address as mysql_address

        relational = mysql_address(member.port, "mirante")
        router = mysql_address(member.port, "router")
        return {"relational_writer": relational, "relational_reader": relational, "router_store": router}
    if name == "alertmanager":
        return {"alertmanager": f"http://{at}", "alertmanager_dir": member.folder}
    if name == "prometheus":
        return {"prometheus": f"http://{at}", "prometheus_dir": str(Path(member.folder) / "rules")}
    return {
        "redis": {"cache": f"redis://{at}/0"},
        "cassandra": {"wide_hosts": at},
        "aws": {"aws_endpoint": f"http://{at}"},
    }[name]
