"""The compose file offers the same servers as `mirante stack`, on the loopback only."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from app.bootstrap.names import SERVERS

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "platform" / "infra" / "compose.yaml"


def has_compose() -> bool:
    docker = shutil.which("docker")
    return (
        docker is not None
        and subprocess.run([docker, "compose", "version"], capture_output=True).returncode == 0
    )


def test_compose_offers_the_servers_of_the_stack_pinned_and_on_the_loopback_only() -> None:
    services = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    assert set(services) == set(SERVERS)
    for name, service in services.items():
        assert re.fullmatch(r"[\w/]+:v?\d[\w.-]*", service["image"]), name
        assert service["ports"], name
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name


def test_compose_runs_the_releases_that_the_tests_run() -> None:
    text = FILE.read_text(encoding="utf-8")
    pom = (ROOT / "platform/dataplatform/local/cassandra.pom.xml").read_text(encoding="utf-8")
    emulator = (ROOT / "requirements/emulator.txt").read_text(encoding="utf-8")
    for found in (
        re.search(r"<artifactId>cassandra-all</artifactId>\s*<version>(.+)</version>", pom),
        re.search(r"^ministack==([\w.]+)", emulator, re.MULTILINE),
    ):
        assert found is not None
        assert found[1] in text


@pytest.mark.skipif(
    not has_compose(), reason="this docker client has no compose plugin (or there is no docker)"
)
def test_docker_itself_accepts_the_compose_file() -> None:
    docker = shutil.which("docker")
    assert docker is not None
    asked = subprocess.run(
        [docker, "compose", "-f", FILE, "config", "--quiet"], capture_output=True, text=True
    )
    assert asked.returncode == 0, asked.stderr
