"""A build that finds an earlier one leaves what a build into an empty folder leaves, whatever was edited.

Four histories of edits in CI; with ``MIRANTE_PROOF=full`` sixty.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.build import MANIFEST, BuildOptions, build_into, folder, state
from app.build.parts import OutputPart
from app.build_kinds import EVERY, OutputKind, OutputKinds
from app.workspace import OpenWorkspace
from dashboards.model.addresses import Deployment
from slo import prometheus
from slo.model.catalogue import Catalogue
from slo.model.spec import Slo
from tests.support.catalogues import shipped_workspace

SEEDS = 60 if os.environ.get("MIRANTE_PROOF") == "full" else 4
OPTIONS = BuildOptions(Deployment("prod"))
FEW: OutputKinds = frozenset((OutputKind.RULES, OutputKind.ALERTMANAGER, OutputKind.ALARMS))


def workspace(*slos: Slo) -> OpenWorkspace:
    opened = shipped_workspace()
    ordered = tuple(sorted(slos, key=lambda slo: slo.id))
    return replace(opened, catalogue=replace(opened.catalogue, slos=ordered, components=(), composites=()))


def slos(count: int) -> list[Slo]:
    found = shipped_workspace().catalogue.slos
    return [replace(found[index % len(found)], name=f"slo-{index}") for index in range(count)]


def tree(out: Path) -> dict[str, bytes]:
    files = (path for path in out.rglob("*") if path.is_file() and path.name != state.STATE)
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the parts that are made, as they are."""
    names: list[str] = []

    def noted(part: OutputPart, failed: list[folder.NotMade]) -> list[tuple[str, bytes]] | None:
        names.append(part.name)
        return unpatched(part, failed)

    unpatched = folder.made_by
    monkeypatch.setattr(folder, "made_by", noted)
    return names


def test_nothing_is_made_again_where_nothing_has_changed(tmp_path: Path, made: list[str]) -> None:
    some = workspace(*slos(3))
    build_into(some, OPTIONS, tmp_path)
    made.clear()
    done = build_into(some, OPTIONS, tmp_path)
    assert (made, done.written, done.removed) == ([], (), ())


def test_one_changed_slo_is_made_again_and_the_lists_that_hold_it(tmp_path: Path, made: list[str]) -> None:
    first, *others = slos(4)
    build_into(workspace(first, *others), OPTIONS, tmp_path)
    made.clear()
    changed = replace(first, texts={**first.texts, "total": "Something else."})
    done = build_into(workspace(changed, *others), OPTIONS, tmp_path)
    own = f"{first.service}/{first.name}"
    of_slos = [name for name in made if name.startswith(("rules of", "tests of"))]
    assert of_slos == [f"rules of {own}", f"tests of {own}"]
    assert not any(f"board slo-{other.service}-{other.name}" in made for other in others)
    assert not any(other.name in path for other in others for path in done.written)


def test_lines_that_move_within_a_file_change_nothing(tmp_path: Path, made: list[str]) -> None:
    some = slos(2)
    build_into(workspace(*some), OPTIONS, tmp_path)
    made.clear()
    build_into(workspace(*(replace(slo, source_line=999) for slo in some)), OPTIONS, tmp_path)
    assert made == []


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("edited by hand")])
def test_what_was_edited_or_deleted_by_hand_is_made_again(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    some = workspace(*slos(2))
    build_into(some, OPTIONS, tmp_path)
    whole = tree(tmp_path)
    for path in ("prometheus/credit-slo-0.rules.yaml", "cloudwatch/alarms.json", "grafana/executive.json"):
        spoil(tmp_path / path)
    done = build_into(some, OPTIONS, tmp_path)
    assert len(done.written) == 3
    assert tree(tmp_path) == whole


@pytest.mark.parametrize("text", ["", "{", "[]", '{"code": "", "parts": {}, "format": 99}'])
def test_a_lost_or_broken_state_costs_time_and_nothing_else(
    tmp_path: Path, made: list[str], text: str
) -> None:
    some = workspace(*slos(1))
    build_into(some, OPTIONS, tmp_path)
    whole, everything = tree(tmp_path), list(made)
    made.clear()
    (tmp_path / state.STATE).write_text(text)
    done = build_into(some, OPTIONS, tmp_path)
    assert (made, done.written) == (everything, ())
    assert tree(tmp_path) == whole


def test_another_version_of_the_code_makes_everything_again(
    tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    some = workspace(*slos(1))
    build_into(some, OPTIONS, tmp_path)
    everything = list(made)
    made.clear()
    for module in (state, folder):
        monkeypatch.setattr(module, "code_digest", lambda: "another")
    build_into(some, OPTIONS, tmp_path)
    assert made == everything


def test_what_is_left_out_stays_and_is_not_taken_for_superfluous(tmp_path: Path) -> None:
    some = workspace(*slos(2))
    build_into(some, OPTIONS, tmp_path)
    whole = tree(tmp_path)
    for kind in OutputKind:
        done = build_into(some, replace(OPTIONS, only=frozenset((kind,))), tmp_path)
        assert (done.written, done.removed) == ((), ()), kind
        assert tree(tmp_path) == whole


def test_each_kind_alone_makes_its_own_files_and_all_of_them_make_everything(tmp_path: Path) -> None:
    some = workspace(*slos(2))
    found: dict[str, bytes] = {}
    for kind in OutputKind:
        out = tmp_path / kind
        build_into(some, replace(OPTIONS, only=frozenset((kind,))), out)
        own = tree(out)
        assert not set(own) & set(found) - {MANIFEST}, kind
        found |= own
    build_into(some, OPTIONS, tmp_path / "all")
    assert set(tree(tmp_path / "all")) - set(found) == {"parity.md"}  # it compares two of the kinds


def test_an_output_that_cannot_be_made_is_named_and_what_there_was_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = slos(2)
    build_into(workspace(first, second), OPTIONS, tmp_path)
    before = tree(tmp_path)
    real = prometheus.rule_tests

    def failing(catalogue: Catalogue, environment: str, *, sloth_names: bool) -> object:
        if catalogue.slos[0].name == first.name:
            raise ZeroDivisionError("an injected defect")
        return real(catalogue, environment, sloth_names=sloth_names)

    monkeypatch.setattr(prometheus, "rule_tests", failing)
    changed = [replace(slo, labels={"team": "a"}) for slo in (first, second)]
    done = build_into(workspace(*changed), OPTIONS, tmp_path)
    (failure,) = done.failed
    assert (failure.part, failure.defect) == ("tests of credit/slo-0", True)
    assert failure.problem == "ZeroDivisionError: an injected defect"
    after = tree(tmp_path)
    lost = "prometheus/tests/credit-slo-0.test.yaml"
    assert after[lost] == before[lost]
    assert {f"prometheus/credit-slo-{index}.rules.yaml" for index in (0, 1)} <= set(done.written)
    monkeypatch.undo()
    again = build_into(workspace(*changed), OPTIONS, tmp_path)
    assert again.failed == ()
    assert lost in again.written


Edit = Callable[[random.Random, list[Slo]], list[Slo]]


def _add(chance: random.Random, some: list[Slo]) -> list[Slo]:
    return [*some, replace(chance.choice(slos(5)), name=f"added-{chance.randrange(10**9)}")]


def _remove(chance: random.Random, some: list[Slo]) -> list[Slo]:
    gone = chance.choice(some)
    return [slo for slo in some if slo is not gone] if len(some) > 1 else some


def _changed(chance: random.Random, some: list[Slo], **changes: object) -> list[Slo]:
    chosen = chance.randrange(len(some))
    return [
        replace(slo, **changes) if index == chosen else slo  # type: ignore[arg-type]
        for index, slo in enumerate(some)
    ]


def _rename(chance: random.Random, some: list[Slo]) -> list[Slo]:
    return _changed(chance, some, name=f"renamed-{chance.randrange(10**9)}")


def _other_windows(chance: random.Random, some: list[Slo]) -> list[Slo]:
    tiers = chance.choice(some).tiers
    return _changed(chance, some, tiers=tiers[: chance.randint(0, len(tiers))])


def _other_labels(chance: random.Random, some: list[Slo]) -> list[Slo]:
    return _changed(chance, some, labels={"team": chance.choice("ab")})


def _other_silence(chance: random.Random, some: list[Slo]) -> list[Slo]:
    return _changed(chance, some, no_data_severity=chance.choice(["P1", "P3", None]))


EDITS: tuple[Edit, ...] = (_add, _remove, _rename, _other_windows, _other_labels, _other_silence)


def histories(seed: int, edits: int) -> Iterator[tuple[OpenWorkspace, BuildOptions]]:
    """A workspace and how it is built, edit after edit: definitions, options, kinds, the alarm policy."""
    chance, some, options = random.Random(seed), slos(3), OPTIONS
    for _ in range(edits):
        some = chance.choice(EDITS)(chance, some)
        opened = workspace(*some)
        if chance.random() < 0.3:
            policy = replace(opened.alarms.policy, teams=opened.alarms.policy.teams[:-1])
            opened = replace(opened, alarms=replace(opened.alarms, policy=policy))
        if chance.random() < 0.3:
            options = replace(
                options,
                sloth_names=chance.random() < 0.5,
                pyrra_names=chance.random() < 0.5,
                topics={"P1": "arn"} if chance.random() < 0.5 else {},
                deployment=Deployment(chance.choice(("prod", "test"))),
            )
        yield opened, replace(options, only=chance.choice((EVERY, FEW, frozenset((OutputKind.RULES,)))))


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_was_edited_the_folder_is_as_a_first_build_leaves_it(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for step, (opened, options) in enumerate(histories(seed, 6)):
        out = tmp_path / "out"
        if chance.random() < 0.3 and out.exists():
            chance.choice([path for path in out.rglob("*.yaml") if path.is_file()]).write_text("by hand")
        assert build_into(opened, options, out).failed == ()
        fresh = tmp_path / f"fresh-{step}"
        build_into(opened, options, fresh)
        expected, left = tree(fresh), tree(out)
        assert {path: left[path] for path in expected if path != MANIFEST} == {
            path: content for path, content in expected.items() if path != MANIFEST
        }
    build_into(opened, replace(options, only=EVERY), out)
    build_into(opened, replace(options, only=EVERY), tmp_path / "whole")
    assert tree(out) == tree(tmp_path / "whole")
