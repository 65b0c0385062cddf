"""A workspace's own boards: what is executed, under which name, and whose fault an error is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.workspace import open_workspace
from dashboards.standard.board_files import load_board_files, package_name
from foundation.errors import DefinitionError, DefinitionErrors
from foundation.workspace import SHIPPED, Workspace
from tests.support.web_shop import BOARD, web_shop


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return web_shop(tmp_path)


def written(shop: Workspace, text: str, name: str = "orders.py") -> Path:
    file = shop.boards / name
    file.write_text(text, encoding="utf-8")
    return file


def errors_of(shop: Workspace) -> tuple[DefinitionError, ...]:
    with pytest.raises(DefinitionErrors) as caught:
        open_workspace(shop).boards("test")
    return caught.value.errors


def names_of(shop: Workspace) -> list[str]:
    return [board.name for board in open_workspace(shop).boards("test")]


def test_a_board_of_its_own_stands_before_the_slos_and_in_every_menu(shop: Workspace) -> None:
    made = open_workspace(shop).boards("test")
    assert [board.name for board in made] == [
        "executive",
        "operations",
        "orders",
        "slo-overview",
        "slo-shop-checkout",
        "slo-shop-search",
        "component-database",
        "component-storefront",
    ]
    for board in made:
        linked = [link.board for link in board.links if link.board]
        menu = [name for name in ("executive", "operations", "orders", "slo-overview") if name != board.name]
        assert sorted(linked) == menu
        assert [link.board for link in board.rows[-1].panels[0].links[: len(menu)]] == menu


def test_a_board_with_the_name_of_a_standard_one_takes_its_place(shop: Workspace) -> None:
    before = names_of(shop)
    written(shop, BOARD.replace('name="orders"', 'name="executive"'))
    assert names_of(shop) == [name for name in before if name != "orders"]
    first = open_workspace(shop).boards("test")[0]
    assert (first.name, first.title.en) == ("executive", "Shop: orders")


def test_a_file_may_make_several_boards(shop: Workspace) -> None:
    several = BOARD.replace("def board(", "def one(")
    several += (
        "\n\ndef boards(source):\n    import dataclasses\n"
        '    yield one(source)\n    yield dataclasses.replace(one(source), name="returns")\n'
    )
    written(shop, several)
    assert names_of(shop)[2:4] == ["orders", "returns"]


def test_a_board_may_be_made_by_a_helper_and_several_by_a_board(shop: Workspace) -> None:
    before = names_of(shop)
    written(shop, "from dashboards.standard.operations import board\n")
    assert names_of(shop) == [name for name in before if name != "orders"]
    several = BOARD.replace("def board(source: Source)", "def board(source: Source, name: str)")
    several = several.replace('name="orders"', "name=name")
    written(shop, several + '\n\ndef boards(source):\n    return [board(source, "a"), board(source, "b")]\n')
    assert names_of(shop)[2:4] == ["a", "b"]


def test_a_workspace_without_such_a_folder_has_the_standard_boards(tmp_path: Path) -> None:
    assert load_board_files(Workspace(tmp_path)).files == ()


def test_two_workspaces_with_a_file_of_one_name_do_not_meet(tmp_path: Path) -> None:
    one, other = web_shop(tmp_path / "one"), web_shop(tmp_path / "other")
    written(other, BOARD.replace('name="orders"', 'name="returns"'))
    assert "orders" in names_of(one)
    assert "returns" in names_of(other)
    assert "orders" in names_of(one)
    assert package_name(one.boards) != package_name(other.boards)
    assert {f"{package_name(shop.boards)}.orders" for shop in (one, other)} <= sys.modules.keys()


def test_nothing_is_put_on_the_path_nor_into_the_folder(shop: Workspace) -> None:
    path, before = list(sys.path), sorted(shop.boards.rglob("*"))
    load_board_files(shop)
    assert sys.path == path
    assert sorted(shop.boards.rglob("*")) == before
    assert "orders" not in sys.modules
    assert package_name(SHIPPED.boards) == "dashboards.boards"


def test_a_file_that_changed_is_read_anew(shop: Workspace) -> None:
    assert "orders" in names_of(shop)
    written(shop, BOARD.replace('name="orders"', 'name="returns"'))
    assert "returns" in names_of(shop)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("def board(source)\n    pass\n", 1, "is not Python: expected ':'"),
        ("import nothing_of_that_name\n", 1, "raised ModuleNotFoundError: No module named"),
        ("\nraise SystemExit(3)\n", 2, "raised SystemExit: 3"),
        ("def bord(source):\n    pass\n", None, "makes no board"),
        ("\n\ndef board(source):\n    return None\n", 3, "answers with NoneType"),
        ("def boards(source):\n    return 7\n", 1, "answers with int"),
        ("def boards(source):\n    yield 'orders'\n", 1, "answers with str"),
        ("def board(source):\n    source.line('Nobody')\n", 2, "raised BoardInvalid"),
        (
            "def boards(source):\n    yield from ()\n    1 / 0\n",
            3,
            "raised ZeroDivisionError: division by zero",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_line(
    shop: Workspace, text: str, line: int | None, problem: str
) -> None:
    file = written(shop, text)
    (error,) = errors_of(shop)
    assert (error.file, error.line) == (str(file), line)
    assert problem in error.problem
    assert error.fix


def test_an_error_in_a_helper_names_the_helper(shop: Workspace) -> None:
    helper = written(shop, "def waiting(source):\n    return source.nothing\n", "_orders.py")
    (error,) = errors_of(shop)
    assert (error.file, error.line) == (str(helper), 2)


def test_a_board_without_its_five_parts_is_its_files_error(shop: Workspace) -> None:
    file = written(shop, BOARD.replace("            alerts_row(source),\n", ""))
    (error,) = errors_of(shop)
    assert error.file == str(file)
    assert "has no part 'alerts'" in error.problem


def test_every_broken_file_is_named_and_one_name_has_one_file(shop: Workspace) -> None:
    written(shop, "1 / 0\n", "a.py")
    written(shop, "nonsense\n", "b.py")
    assert [Path(error.file).name for error in errors_of(shop)] == ["a.py", "b.py"]
    written(shop, BOARD, "a.py")
    written(shop, "def boards(source):\n    return ()\n", "b.py")
    (error,) = errors_of(shop)
    assert "makes the board 'orders', which a.py makes too" in error.problem


def test_the_board_of_the_readme_works_as_it_stands(shop: Workspace) -> None:
    readme = (Path(__file__).parents[4] / "dashboards" / "README.md").read_text(encoding="utf-8")
    written(shop, readme.partition("```python\n")[2].partition("```")[0])
    assert names_of(shop)[2] == "orders"
