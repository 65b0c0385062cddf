from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.build import MANIFEST, BuildError, BuildOptions, Written, artifacts, build_into
from dashboards.model.addresses import Deployment
from tests.support.catalogues import ENVIRONMENT, shipped, shipped_workspace

SHA_OF_ALL = """
import hashlib
from app.build import artifacts
from app.workspace import open_workspace
made = artifacts(open_workspace(), "test")
for path, content in made.items():
    print(hashlib.sha256(content).hexdigest(), path)
"""


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return artifacts(shipped_workspace(), ENVIRONMENT)


def test_everything_that_is_promised_is_built(made: dict[str, bytes]) -> None:
    for path in (
        "prometheus/credit-decision-latency.rules.yaml",
        "prometheus/mirante-indicators.rules.yaml",
        "prometheus/crd/credit-decision-latency.yaml",
        "alertmanager/alertmanager.yml",
        "grafana/operations.json",
        "grafana/operations.pt.json",
        "grafana/provisioning/dashboards/mirante.yaml",
        "grafana/provisioning/datasources/mirante.yaml",
        "cloudwatch/dashboards/mirante-test-operations.json",
        "cloudwatch/alarms.json",
        "cloudwatch/template.json",
        "manifest.json",
    ):
        assert made[path].endswith(b"\n"), path


def test_sloths_names_are_recorded_when_asked_for_and_never_otherwise(made: dict[str, bytes]) -> None:
    path = "prometheus/credit-decision-latency.rules.yaml"
    assert b"sloth_id" not in made[path]
    assert b"sloth_id" in artifacts(shipped_workspace(), ENVIRONMENT, sloth_names=True)[path]


def test_pyrras_names_are_recorded_when_asked_for_and_never_otherwise(made: dict[str, bytes]) -> None:
    path = "prometheus/credit-decision-latency.rules.yaml"
    assert b"pyrra_objective" not in made[path]
    assert b"pyrra_objective" in artifacts(shipped_workspace(), ENVIRONMENT, pyrra_names=True)[path]


def test_two_processes_with_different_hash_seeds_build_the_same_bytes() -> None:
    outputs = [
        subprocess.run(
            [sys.executable, "-c", SHA_OF_ALL],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "4242")
    ]
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) > 15


def test_the_manifest_says_what_was_built_from_what(made: dict[str, bytes]) -> None:
    manifest = json.loads(made[MANIFEST])
    assert set(manifest["files"]) == set(made) - {MANIFEST}
    assert set(manifest["sources"]) == set(shipped().sources)
    assert manifest["deployment"]["environment"] == ENVIRONMENT


def built(out: Path, **options: Any) -> Written:
    return build_into(shipped_workspace(), BuildOptions(Deployment(ENVIRONMENT), **options), out)


def test_what_is_written_is_what_is_generated_and_a_second_build_changes_nothing(
    tmp_path: Path, made: dict[str, bytes]
) -> None:
    first = built(tmp_path)
    assert set(first.written) == set(made)
    assert {path: (tmp_path / path).read_bytes() for path in made} == made
    second = built(tmp_path)
    assert (second.written, second.removed) == ((), ())
    assert set(second.kept) == set(made)
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_stale_file_is_removed_only_if_the_previous_build_wrote_it(tmp_path: Path) -> None:
    stale = tmp_path / "grafana" / "retired" / "old.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}")
    foreign = tmp_path / "grafana" / "mine.json"
    foreign.write_text("{}")
    (tmp_path / MANIFEST).write_text('{"format": 1, "files": {"grafana/retired/old.json": ""}}')
    done = built(tmp_path)
    assert done.removed == ("grafana/retired/old.json",)
    assert not stale.parent.exists()
    assert foreign.exists()
    assert "grafana/retired/old.json" not in json.loads((tmp_path / MANIFEST).read_bytes())["files"]


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "{}",
        '{"format": 99, "files": {}}',
        '{"format": 1, "files": {"../../etc/passwd": ""}}',
        "[]",
    ],
)
def test_a_manifest_that_is_not_ours_stops_the_build_before_anything_is_touched(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(BuildError, match="is not a manifest of this build"):
        built(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


def test_a_path_that_cannot_be_written_is_named_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "grafana").write_text("a file where a folder is needed")
    with pytest.raises(BuildError, match="choose another --out") as refused:
        built(tmp_path)
    assert "grafana" in str(refused.value.path)
