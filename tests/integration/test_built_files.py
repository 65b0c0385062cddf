"""The source archive and the wheel that is made from it hold the files that people and tools expect."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path

import pytest

from tests.support.patience import patience

ROOT = Path(__file__).parents[2]
TYPED = ("slo", "dashboards", "alarms", "exporters", "app", "foundation", "credit", "dataplatform")
AT_THE_ROOT = (
    ".editorconfig",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "pyproject.toml",
)


@dataclass(frozen=True)
class Built:
    """``source`` without the archive's own folder; ``wheel`` as it is; ``metadata`` of the wheel."""

    source: frozenset[str]
    wheel: frozenset[str]
    metadata: str
    license: str


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    out = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(
        command, cwd=out, capture_output=True, text=True, check=False, timeout=patience(600)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (archive,), (wheel,) = out.glob("mirante-*.tar.gz"), out.glob("mirante-*.whl")
    with tarfile.open(archive) as source:
        names = frozenset(name.partition("/")[2] for name in source.getnames())
    with zipfile.ZipFile(wheel) as content:
        files = frozenset(content.namelist())
        (metadata,) = (name for name in files if name.endswith(".dist-info/METADATA"))
        (license_,) = (name for name in files if name.endswith(".dist-info/licenses/LICENSE"))
        return Built(names, files, content.read(metadata).decode(), content.read(license_).decode())


def test_the_source_archive_holds_what_a_contributor_needs(built: Built) -> None:
    assert set(AT_THE_ROOT) - built.source == set()
    for folder in ("tests/unit", "docs/adr", "requirements", "platform/infra"):
        assert any(name.startswith(f"{folder}/") for name in built.source), folder


def test_nothing_that_is_made_here_is_in_either(built: Built) -> None:
    made = (".venv", "build/", "dist/", "mirante-data", "__pycache__", ".servers", ".git/")
    for names in (built.source, built.wheel):
        assert [name for name in names if name.startswith(made) or "__pycache__" in name] == []


def test_every_package_says_that_it_is_typed(built: Built) -> None:
    assert {f"{package}/py.typed" for package in TYPED} - built.wheel == set()


def test_the_licence_is_apache_and_travels_with_the_wheel(built: Built) -> None:
    assert "Apache License" in built.license
    assert "Version 2.0" in built.license
    assert message_from_string(built.metadata)["License-Expression"] == "Apache-2.0"


def test_the_wheel_holds_what_init_writes(built: Built) -> None:
    folder = ROOT / "app/new_workspace"
    templates = [
        f"app/new_workspace/{path.relative_to(folder).as_posix()}"
        for name in ("common", "shop")
        for path in (folder / name).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    ]
    assert len(templates) > 5
    assert set(templates) - built.wheel == set()
