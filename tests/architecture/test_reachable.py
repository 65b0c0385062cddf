"""Nothing is unreachable: what only tests reach is no part of the product."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.support.reachable import ROOT, Reached, modules_of, product_modules

# Nothing of ours loads these; the reason says who does.
LOADED_BY_OTHERS = {
    "app.cli.__main__": "python -m app.cli",
    "app.new_workspace.common.dashboards.boards.services": "`mirante init` copies it; workspaces load it",
    "dataplatform.consistency.state_machine": "declares a state machine and names its Lambda functions",
    "dataplatform.ingestion.lambda_declaration": "declares the processors and names their Lambda function",
    "dataplatform.schemas.mysql.grants": "declares the rights of the application's own user",
    "dataplatform.schemas.mysql.parameters": "declares the parameter groups of Aurora",
}
VERSIONS = "dataplatform.schemas.mysql.versions."  # alembic finds them by their folder
BOARDS = "dashboards.boards."  # a workspace's boards are found by their folder
ROOTS = {name.partition(".")[0] for name in product_modules()}


def started_by_make() -> list[str]:
    """Modules that a recipe runs."""
    recipes = (ROOT / "Makefile").read_text(encoding="utf-8")
    return [name for name in re.findall(r"-m ([a-z_.]+)", recipes) if name.partition(".")[0] in ROOTS]


def everything_reached() -> Reached:
    product = product_modules()
    reached = Reached(product)
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    versions = [name for name in product if name.startswith(VERSIONS)]
    boards = [f"{name}:{make}" for name in product if name.startswith(BOARDS) for make in ("board", "boards")]
    for entry in (*scripts.values(), *LOADED_BY_OTHERS, *started_by_make(), *versions, *boards):
        reached.enter(entry)
    return reached


def test_every_module_and_every_name_is_reached_from_what_starts_the_product() -> None:
    modules, names = everything_reached().left_over()
    assert modules == []
    assert names == []


def test_what_only_tests_reach_is_found(tmp_path: Path) -> None:
    """The walk itself, on a product of three modules."""
    (tmp_path / "start.py").write_text(
        "from shop import door as way\nfrom shop.till import Till\n"
        "def main() -> None:\n    way.open_(); Till(); HANDLER\n"
        "HANDLER = 'shop.door:handler'\nSPARE = 1\n",
        encoding="utf-8",
    )
    (tmp_path / "door.py").write_text(
        "def open_() -> None:\n    _bolt()\ndef _bolt() -> None: ...\ndef shut() -> None:\n    _bar()\n"
        "def _bar() -> None: ...\ndef handler() -> None: ...\n",
        encoding="utf-8",
    )
    (tmp_path / "till.py").write_text(
        "if TYPE_CHECKING:\n    from shop.attic import look\n"
        "class Till: ...\n@click.command()\ndef sell() -> None: ...\n",
        encoding="utf-8",
    )
    (tmp_path / "attic.py").write_text("def look() -> None: ...\n", encoding="utf-8")
    reached = Reached(modules_of({"shop": tmp_path}))
    reached.enter("shop.start:main")
    modules, names = reached.left_over()
    assert modules == ["shop.attic"]
    assert names == ["shop.door.shut", "shop.door._bar", "shop.start.SPARE", "shop.till.sell"]
