"""Every example of the page about the alarm files loads, with the real loaders, beside the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from alarms.intake.intakes_file import read_intakes
from alarms.policy.channel_file import ChannelKind, load_channels
from alarms.policy.defaults import DEFAULTS
from alarms.policy.people import load_people
from alarms.policy.policy_file import load_policy
from alarms.policy.raci import Raci, load_raci
from alarms.policy.schedule_file import load_schedules

PAGE = (Path(__file__).parents[4] / "docs" / "alarm-files.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```(?:yaml|jinja) (\S+)\n(.*?)```", PAGE, re.DOTALL))
LOADERS: dict[str, Callable[[Path], object]] = {
    "channels.yaml": lambda folder: load_channels(folder / "channels.yaml"),
    "people.yaml": lambda folder: load_people(
        folder / "people.yaml", load_channels(folder / "channels.yaml")
    ),
    "schedules.yaml": lambda folder: load_schedules(
        folder / "schedules.yaml", load_people(folder / "people.yaml")
    ),
    "intakes.yaml": lambda folder: read_intakes(folder / "intakes.yaml"),
    "raci.yaml": lambda folder: load_raci(folder / "raci.yaml"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in EXAMPLES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", LOADERS)
def test_an_example_loads(folder: Path, name: str) -> None:
    assert LOADERS[name](folder)


def test_there_is_no_other_example() -> None:
    assert EXAMPLES.keys() - LOADERS.keys() == {"tickets.json.j2", "remediation"}
    assert PAGE.count("```") == 2 * len(EXAMPLES)


def test_the_remediation_loads_in_a_policy_with_these_channels(folder: Path) -> None:
    document = yaml.safe_load((DEFAULTS / "policy.yaml").read_text(encoding="utf-8"))
    document["remediation"] = yaml.safe_load(EXAMPLES["remediation"])
    for team in document["teams"].values():
        team["channels"] = ["chat"]
    (folder / "policy.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    policy = load_policy(folder / "policy.yaml", Raci(), load_channels(folder / "channels.yaml"))
    assert [one.name for one in policy.remediation] == ["restart-api"]


def test_every_kind_of_channel_has_its_row_and_its_example() -> None:
    shown = {one["kind"] for one in yaml.safe_load(EXAMPLES["channels.yaml"])["channels"].values()}
    assert shown == set(ChannelKind) - {ChannelKind.LOCAL}
    for kind in ChannelKind:
        assert f"\n| `{kind}`" in PAGE
