"""What an extra brings is known to the message that asks for it."""

from __future__ import annotations

import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement

from app.cli.failures import EXTRAS

ROOT = Path(__file__).resolve().parents[2]


def test_every_package_of_an_extra_is_known_by_the_name_it_is_imported_by() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {
        Requirement(line).name: extra
        for extra, lines in project["optional-dependencies"].items()
        for line in lines
    }
    modules = {
        module: extras[name.lower()]
        for module, names in packages_distributions().items()
        for name in names
        if name.lower() in extras and module.isidentifier() and module != "tests"  # a library brings one
    }
    assert {module: extra for module, extra in modules.items() if EXTRAS.get(module) != extra} == {}
