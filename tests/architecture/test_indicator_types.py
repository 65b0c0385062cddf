"""Which type of SLI it is, nobody asks: an indicator answers for itself, in its own module."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from slo import indicators
from slo.indicators import ratio, threshold

ROOT = Path(__file__).parents[2]
PRODUCT = ("slo", "exporters", "alarms", "dashboards", "app", "platform")
HOME = ROOT / "slo" / "indicators"


def types_of_sli() -> set[str]:
    return {
        name
        for module in (ratio, threshold)
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and hasattr(kind, "reading")
    }


def asked(source: str) -> Iterator[tuple[int, set[str]]]:
    """Lines that ask for a class by ``isinstance``, ``type(x) is`` or ``match``, and names they mention."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            yield node.lineno, names_in(*node.args[1:])
        elif isinstance(node, ast.Compare) and ast.unparse(node.left).startswith("type("):
            yield node.lineno, names_in(*node.comparators)
        elif isinstance(node, ast.MatchClass):
            yield node.lineno, names_in(node.cls)


def names_in(*nodes: ast.AST) -> set[str]:
    words = [word for node in nodes for word in ast.walk(node)]
    names = {word.id for word in words if isinstance(word, ast.Name)}
    return names | {word.attr for word in words if isinstance(word, ast.Attribute)}


def test_nothing_outside_their_home_asks_which_type_of_sli_it_is() -> None:
    types = types_of_sli()
    assert {"RatioIndicator", "RawIndicator", "ThresholdIndicator"} <= types
    files = [path for top in PRODUCT for path in (ROOT / top).rglob("*.py") if HOME not in path.parents]
    assert len(files) > 300
    assert [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        for line, names in asked(path.read_text(encoding="utf-8"))
        if names & types
    ] == []


def test_every_module_of_their_home_is_reached_by_its_key() -> None:
    modules = {path.stem for path in HOME.glob("*.py")} - {"__init__", "metric"}
    assert modules == {read.__module__.rpartition(".")[2] for read in indicators.KINDS.values()}


@pytest.mark.parametrize(
    "question",
    [
        "isinstance(x, RatioIndicator)",
        "isinstance(x, (int, ratio.RatioIndicator))",
        "isinstance(x, int | RatioIndicator)",
        "type(x) is RatioIndicator",
        "match x:\n    case RatioIndicator():\n        pass",
    ],
)
def test_the_question_is_found_however_it_is_put(question: str) -> None:
    assert ["RatioIndicator" in names for _, names in asked(question)] == [True]
