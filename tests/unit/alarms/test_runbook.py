"""Runbooks: one for each SLO, for silence and for anything else, in both languages and about this system."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from alarms.runbook import GENERIC, NO_DATA, load_runbooks
from app.cli.main import cli
from slo.catalogue import load_catalogue
from slo.conventions import slug

RUNBOOKS = load_runbooks()
TO_COME = {"replay": set[str](), "alerts": {"simulate"}}  # public names of commands not there yet
COMMANDS = {
    name: set(command.commands) if isinstance(command, click.Group) else set[str]()
    for name, command in cli.commands.items()
}


def test_every_slo_has_a_runbook_of_its_own() -> None:
    wanted = {slug(slo.id) for slo in load_catalogue().slos}
    assert wanted | {GENERIC, NO_DATA} <= set(RUNBOOKS.ids())


def test_the_documents_five_recoveries_have_one_each() -> None:
    assert [name for name in RUNBOOKS.ids() if name.startswith("recovery-")] == [
        "recovery-aurora-instance",
        "recovery-availability-zone",
        "recovery-corruption",
        "recovery-region",
        "recovery-security-violation",
    ]


@pytest.mark.parametrize("name", RUNBOOKS.ids())
def test_both_languages_have_the_same_steps_and_commands(name: str) -> None:
    runbook = RUNBOOKS.get(name)
    assert runbook is not None
    assert runbook.title != runbook.title_pt
    assert len(runbook.steps) == len(runbook.steps_pt) >= 5
    commands = [re.findall(r"`([^`]+)`", step) for step in runbook.steps]
    assert [re.findall(r"`([^`]+)`", step) for step in runbook.steps_pt] == commands


@pytest.mark.parametrize("name", RUNBOOKS.ids())
def test_every_command_it_names_is_one_of_ours(name: str) -> None:
    runbook = RUNBOOKS.get(name)
    assert runbook is not None
    for command in re.findall(r"`mirante ([^`]+)`", runbook.text):
        first, *rest = command.split()
        assert first in COMMANDS.keys() | TO_COME.keys(), command
        known = COMMANDS.get(first, set()) | TO_COME.get(first, set())
        if known and rest:
            assert rest[0] in known, command


def test_an_unknown_runbook_falls_back_to_the_generic_one(tmp_path: Path) -> None:
    found = RUNBOOKS.find("no-such-runbook", None)
    assert found is not None
    assert found.id == GENERIC
    assert load_runbooks(tmp_path).find("anything") is None
