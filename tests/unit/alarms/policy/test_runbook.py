"""Runbooks: one for each SLO, for silence and for anything else, in both languages and about this system."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from alarms.policy.runbook import GENERIC, load_runbooks
from app.cli.lazy import Later
from app.cli.main import cli
from slo.loaders.catalogue_files import load_catalogue
from slo.model.conventions import slug

RUNBOOKS = load_runbooks()
TO_COME = {"replay": set[str](), "alerts": {"simulate"}}  # public names of commands not there yet
LOADED = {
    name: command.load() if isinstance(command, Later) else command for name, command in cli.commands.items()
}
COMMANDS = {
    name: set(command.commands) if isinstance(command, click.Group) else set[str]()
    for name, command in LOADED.items()
}


def test_every_slo_has_a_runbook_of_its_own() -> None:
    wanted = {slug(slo.id) for slo in load_catalogue().slos}
    assert wanted | {GENERIC, "no-data"} <= set(RUNBOOKS.ids())


def test_the_documents_five_recoveries_have_one_each() -> None:
    assert [name for name in RUNBOOKS.ids() if name.startswith("recovery-")] == [
        "recovery-aurora-instance",
        "recovery-availability-zone",
        "recovery-corruption",
        "recovery-region",
        "recovery-security-violation",
    ]


# §10.2.1: the component, its resources, traffic and queries, a mitigation of its own, watching the recovery.
FIVE_STEPS = ("store|component", "resource", "traffic", "mitigate|relieve", "watch")
FIVE_STEPS_PT = ("banco|componente", "recurso", "tráfego", "mitigue|alivie", "acompanhe")


@pytest.mark.parametrize("name", ["credit-decision-latency", "saturation"])
def test_a_performance_runbook_takes_the_documents_five_steps_in_order(name: str) -> None:
    runbook = RUNBOOKS.get(name)
    assert runbook is not None
    for steps, wanted in ((runbook.steps, FIVE_STEPS), (runbook.steps_pt, FIVE_STEPS_PT)):
        left = iter(step.lower() for step in steps)
        for words in wanted:
            assert any(re.search(words, step) for step in left), f"no later step says {words}"


@pytest.mark.parametrize("name", [name for name in RUNBOOKS.ids() if name.startswith("recovery-")])
def test_a_recovery_ends_with_a_check_that_it_worked(name: str) -> None:
    runbook = RUNBOOKS.get(name)
    assert runbook is not None
    checks = re.findall(r"`mirante (audit verify|consistency check|slo status|slo show)", runbook.text)
    assert checks, "it names no command that shows the data or the service whole"


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
