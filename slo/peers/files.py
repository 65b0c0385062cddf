"""Other tools' files as the rules they would load, and rule files that they wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from foundation.errors import Problems
from foundation.files import documents, read_bytes
from foundation.located import Section
from slo.peers.pyrra import from_pyrra
from slo.peers.slo import PeerSlo, Rule
from slo.peers.sloth import DEFAULT, PERIOD
from slo.peers.sloth_files import from_openslo, from_sloth, windows_of

WINDOWS = "AlertWindows"


def peer_slos(files: Sequence[Path]) -> tuple[PeerSlo, ...]:
    """Every objective that Sloth or Pyrra generates rules for, in the order of the files.

    What is no file of theirs is left out; what is wrong with one is for the importer to say.
    """
    found = [section for path in files for section in _sections(path)]
    chosen = [windows_of(section) for section in found if section.text("kind") == WINDOWS]
    windows, period = next((each for each in chosen if each is not None), (DEFAULT, PERIOD))
    slos: list[PeerSlo] = []
    for section in found:
        version = section.text("apiVersion")
        if section.text("kind") == WINDOWS:
            continue
        if section.text("version") == "prometheus/v1" or version.startswith("sloth.slok.dev/"):
            slos += from_sloth(section, windows, period)
        elif version == "openslo/v1alpha" and section.text("kind") == "SLO":
            slos += from_openslo(section, windows)
        elif version.startswith("pyrra.dev/"):
            pyrra = from_pyrra(section)
            slos += [] if pyrra is None else [pyrra]
    return tuple(slos)


def _sections(path: Path) -> Iterator[Section]:
    for place in documents(read_bytes(path), str(path), Problems()):
        for item in place.items() if place.is_list else [place]:
            section = item.section()
            if section is not None:
                yield section


def written_rules(slos: Sequence[PeerSlo], files: Sequence[Path]) -> tuple[PeerSlo, ...]:
    """The same objectives with the rules that stand in ``files`` instead of those we render.

    An objective without a rule there keeps none, and so has no page.

    Raises:
        DefinitionErrors: a file cannot be read, or is no rule file.
    """
    problems = Problems()
    rules = [rule for path in files for rule in _rules(path, problems)]
    problems.raise_if_any()
    return tuple(replace(slo, rules=[rule for rule in rules if _of(slo, rule, rules)]) for slo in slos)


def _of(slo: PeerSlo, rule: Rule, rules: Sequence[Rule]) -> bool:
    """A rule says whose it is by a label, or (Sloth's alerts) by the series that it reads."""
    labels = rule["labels"]
    assert isinstance(labels, dict)
    key = slo.tool.identity
    return labels.get(key) == slo.identity or (
        key not in labels and f'{key}="{slo.identity}"' in str(rule["expr"]).replace(" ", "")
    )


def _rules(path: Path, problems: Problems) -> Iterator[Rule]:
    for place in documents(read_bytes(path), str(path), problems):
        section = place.section()
        if section is None:
            place.wrong("expected a mapping", "Give a rule file, with `groups:` at its top.")
            continue
        spec = section.section("spec") if section.has("spec") else section
        for group in [] if spec is None else spec.sections("groups", required=True):
            for rule in group.sections("rules", required=True):
                yield {
                    **{key: rule.text(key) for key in ("record", "alert", "expr", "for") if rule.has(key)},
                    "labels": rule.labels("labels"),
                }
