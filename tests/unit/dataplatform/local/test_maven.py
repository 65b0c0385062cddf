"""Jars are fetched once, again when the pom changed or a copy was cut short; what is missing is named."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dataplatform.errors import LocalServerError
from dataplatform.local.cassandra import Cassandra, cassandra_jars
from dataplatform.local.maven import MavenJars


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MavenJars:
    """With a Maven that copies one jar and keeps count."""
    pom = tmp_path / "pom.xml"
    pom.write_text("<project/>", encoding="utf-8")
    a_maven(
        tmp_path,
        monkeypatch,
        'for word in "$@"; do case $word in -DoutputDirectory=*) touch "${word#*=}/one.jar";; esac; done\n'
        f'echo ran >> "{tmp_path}/runs"',
    )
    return MavenJars("some server", pom, tmp_path / "jars")


def a_maven(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "bin" / "mvn"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.defpath}")


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text(encoding="utf-8").splitlines())


def test_jars_are_fetched_once(jars: MavenJars, tmp_path: Path) -> None:
    jars.fetch()
    jars.fetch()
    assert jars.there()
    assert [path.name for path in jars.folder.glob("*.jar")] == ["one.jar"]
    assert runs(tmp_path) == 1


def test_a_changed_pom_is_fetched_again_and_leaves_no_old_jar(jars: MavenJars, tmp_path: Path) -> None:
    jars.fetch()
    (jars.folder / "old.jar").touch()
    (tmp_path / "pom.xml").write_text("<project><!-- newer --></project>", encoding="utf-8")
    jars.fetch()
    assert [path.name for path in jars.folder.glob("*.jar")] == ["one.jar"]
    assert runs(tmp_path) == 2


def test_what_maven_said_is_told_and_the_copy_does_not_count(
    jars: MavenJars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_maven(tmp_path, monkeypatch, "echo no such artifact; exit 1")
    with pytest.raises(LocalServerError, match=r"(?s)some server: Maven could not fetch.*no such artifact"):
        jars.fetch()
    assert not jars.there()


def test_without_java_and_maven_both_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataplatform.local.java.java", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    lacking = Cassandra(cassandra_jars(tmp_path)).missing()
    assert lacking is not None
    assert "openjdk-17-jre-headless" in lacking
    assert "maven" in lacking
