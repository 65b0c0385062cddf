"""Our rendering of other tools' rules is what those tools themselves generate (``tests/golden/peers``)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from foundation.errors import DefinitionErrors
from slo.peers.files import peer_slos, written_rules
from slo.peers.numbers import model_duration
from slo.peers.slo import PeerSlo, Rule
from tests.golden.peers.record import definitions, recording
from tests.support.promql_meaning import meaning

# What Sloth and Pyrra record for their own pages: no alert reads it.
METADATA = ("slo:", "sloth_slo_info")
FILES = [*definitions("sloth"), *definitions("pyrra")]


def _needed(rule: Rule) -> bool:
    record = str(rule.get("record", ""))
    if record.startswith("slo:sli_error:"):
        return True
    own = any(mark in record for mark in (":increase", ":count", ":sum"))
    return not own and not record.startswith(METADATA)


def _compared(rule: Rule) -> dict[str, object]:
    labels = rule["labels"]
    assert isinstance(labels, dict)
    kept = {key: value for key, value in labels.items() if key != "exhaustion"}
    held = str(rule.get("for", "")).replace("m0s", "m").replace("h0m", "h")
    named = {key: rule.get(key) for key in ("record", "alert")}
    return {**named, "for": held, "labels": sorted(kept.items()), "expr": str(meaning(str(rule["expr"])))}


def _both(path: Path) -> list[tuple[PeerSlo, PeerSlo]]:
    ours = peer_slos([path])
    return list(zip(ours, written_rules(ours, [recording(path)]), strict=True))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_rule_is_the_one_that_the_tool_itself_generates(path: Path) -> None:
    pairs = _both(path)
    assert pairs
    for ours, theirs in pairs:
        recorded = [_compared(rule) for rule in theirs.rules if _needed(rule)]
        assert recorded, ours.name
        key = repr
        assert sorted((_compared(rule) for rule in ours.rules), key=key) == sorted(recorded, key=key)


def test_there_are_twenty_of_each_tool() -> None:
    of = {tool: len(peer_slos(definitions(tool))) for tool in ("sloth", "pyrra")}
    assert min(of.values()) >= 20, of


def test_what_is_no_rule_file_is_refused_in_words(tmp_path: Path) -> None:
    wrong = tmp_path / "rules.yaml"
    wrong.write_text("groups: 3\n", encoding="utf-8")
    with pytest.raises(DefinitionErrors, match=r"groups.*expected a list"):
        written_rules(peer_slos(definitions("pyrra")[:1]), [wrong])


@pytest.mark.parametrize(
    ("length", "text"),
    [
        ("4w", "4w"),
        ("30d", "30d"),
        ("7d", "1w"),
        ("24h", "1d"),
        ("25h43m", "1d1h43m"),
        ("365d", "1y"),
        ("0m", "0s"),
    ],
)
def test_durations_are_written_as_go_writes_them(length: str, text: str) -> None:
    from foundation.quantities import parse_duration

    found = parse_duration(length)
    assert found is not None
    assert model_duration(found) == text
    assert model_duration(timedelta(0)) == "0s"
