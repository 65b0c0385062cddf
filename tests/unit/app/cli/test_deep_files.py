"""JSON on disk that is nested deeper than anybody means is the file's fault, never a defect of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.api.keys import KeyFileBroken, list_keys
from app.build import MANIFEST, BuildError
from app.build.folder import OutputFolder
from app.deployment import files
from app.deployment.errors import DeploymentError
from tests.support.hostile_server import DEEP


def test_in_a_file_of_keys(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_bytes(DEEP)
    with pytest.raises(KeyFileBroken):
        list_keys(tmp_path / "keys.json")


def test_in_the_manifest_of_a_build(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(DEEP)
    with pytest.raises(BuildError, match="is not a manifest"):
        OutputFolder(tmp_path)


def test_in_the_manifest_of_what_was_applied(tmp_path: Path) -> None:
    (tmp_path / files.MANIFEST).write_bytes(DEEP)
    with pytest.raises(DeploymentError):
        files.Files("rule file", tmp_path, {"a.yaml": b"groups: []\n"}).deployed(())
