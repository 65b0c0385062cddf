"""AWS's clients come from one factory: boto3 has one home, and nothing loads it before a client is made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("slo", "dashboards", "alarms", "exporters", "app", "platform")
HOME = "platform/foundation/aws/boto.py"
FACTORY = "platform/foundation/aws/clients.py"


def product_files() -> Iterator[Path]:
    return (path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("*.py")))


def imported(tree: ast.AST) -> set[str]:
    """Modules by their full names, ``from a import b`` as ``a`` and ``a.b``."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def importers_of(*modules: str) -> list[str]:
    """The files of the product that import one of these packages, at their top or in a function."""
    return [
        path.relative_to(ROOT).as_posix()
        for path in product_files()
        if any(
            name == module or name.startswith(f"{module}.")
            for name in imported(ast.parse(path.read_text(encoding="utf-8")))
            for module in modules
        )
    ]


def test_boto3_is_imported_in_one_place() -> None:
    assert importers_of("boto3", "botocore") == [HOME]


def test_that_place_is_reached_through_the_factory_alone_and_only_when_a_client_is_made() -> None:
    assert importers_of("foundation.aws.boto") == [FACTORY]
    factory = ast.parse((ROOT / FACTORY).read_text(encoding="utf-8"))
    at_the_top = ast.Module([node for node in factory.body if not isinstance(node, ast.ClassDef)], [])
    assert "foundation.aws.boto" not in imported(at_the_top)
