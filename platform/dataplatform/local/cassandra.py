"""Apache Cassandra 5 (Maven Central): the Amazon Keyspaces of the local profile. One node, loopback only."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from dataplatform.errors import LocalServerError
from dataplatform.local import java
from dataplatform.local.maven import MavenJars
from dataplatform.local.server import LOOPBACK, free_port

POM = Path(__file__).with_name("cassandra.pom.xml")
DAEMON = "org.apache.cassandra.service.CassandraDaemon"
FOLDERS = ("data", "commitlog", "saved_caches", "hints")

# What Cassandra reaches into on Java 17: the list of its own jvm17-server.options.
EXPORTS = (
    "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref",
    "java.base/java.lang.ref",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.sql/java.sql",
    "jdk.unsupported/sun.misc",
)
OPENS = (
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.module",
    "java.base/java.lang.reflect",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.util.jar",
    "java.base/sun.nio.ch",
    "jdk.management/com.sun.management.internal",
)

CONFIG = """\
cluster_name: mirante
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{{seeds: "{host}"}}]
listen_address: {host}
rpc_address: {host}
data_file_directories: ["{root}/data"]
commitlog_directory: "{root}/commitlog"
saved_caches_directory: "{root}/saved_caches"
hints_directory: "{root}/hints"
commitlog_sync: batch
commitlog_segment_size: 8MiB
auto_snapshot: false
"""

LOGGING = """\
<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{ISO8601} %-5level %logger{0}: %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
"""

# A native-protocol frame (version 4) asking for the options; the answer is SUPPORTED.
OPTIONS_REQUEST = bytes([4, 0, 0, 0, 5, 0, 0, 0, 0])
SUPPORTED = 6


def cassandra_jars(folder: Path) -> MavenJars:
    """Its jars below ``folder``."""
    return MavenJars("cassandra", POM, folder / "cassandra")


class Cassandra:
    """Runs from ``jars``, fetching them first if they are not there. An acknowledged write is on disk.

    ``heap`` as Java writes sizes; the whole process needs about twice that.
    """

    name = "cassandra"

    def __init__(self, jars: MavenJars, heap: str = "512m") -> None:
        self._jars, self._heap = jars, heap

    def missing(self) -> str | None:
        lacking = [java.MISSING] if java.java() is None else []
        if maven := self._jars.missing():
            lacking.append(maven)
        return "; ".join(lacking) or None

    def prepare(self, folder: Path) -> None:
        self._jars.fetch()
        root = folder / "cassandra"
        for name in FOLDERS:
            (root / name).mkdir(parents=True, exist_ok=True)
        (root / "cassandra.yaml").write_text(CONFIG.format(host=LOOPBACK, root=root), encoding="utf-8")
        (root / "logback.xml").write_text(LOGGING, encoding="utf-8")

    def command(self, folder: Path, port: int) -> Sequence[str]:
        program = java.java()
        if program is None:
            raise LocalServerError(self.name, "is not installed", java.MISSING)
        return [
            program,
            *self._machine_flags(),
            *_properties(folder / "cassandra", port),
            "-cp",
            self._path,
            DAEMON,
        ]

    def environment(self, folder: Path, port: int) -> dict[str, str]:
        return {}

    def answers(self, folder: Path, port: int) -> bool:
        try:
            with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
                connection.sendall(OPTIONS_REQUEST)
                answer = connection.recv(9)
        except OSError:
            return False
        return len(answer) == 9 and answer[4] == SUPPORTED

    def _machine_flags(self) -> Sequence[str]:
        (agent,) = self._jars.folder.glob("jamm-*.jar")
        return [
            *("-Xms128m", f"-Xmx{self._heap}", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            "-XX:+ExitOnOutOfMemoryError",
            f"-javaagent:{agent}",
            "-Djdk.attach.allowAttachSelf=true",
            *(f"--add-exports={place}=ALL-UNNAMED" for place in EXPORTS),
            *(f"--add-opens={place}=ALL-UNNAMED" for place in OPENS),
        ]

    @property
    def _path(self) -> str:
        return str(self._jars.folder / "*")


def _properties(root: Path, port: int) -> Sequence[str]:
    """A lone node need not wait for others; without a JMX port there is no JMX."""
    properties: dict[str, str | int] = {
        "java.net.preferIPv4Stack": "true",
        "logback.configurationFile": str(root / "logback.xml"),
        "cassandra.config": (root / "cassandra.yaml").as_uri(),
        "cassandra.storagedir": str(root),
        "java.io.tmpdir": str(root),
        "cassandra-foreground": "yes",
        "cassandra.native_transport_port": port,
        "cassandra.storage_port": free_port(),
        "cassandra.skip_wait_for_gossip_to_settle": 0,
        "cassandra.ring_delay_ms": 1,
        "cassandra.superuser_setup_delay_ms": 0,
    }
    return [f"-D{name}={value}" for name, value in properties.items()]
