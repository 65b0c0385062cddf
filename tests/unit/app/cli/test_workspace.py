"""`check` and `build` of a workspace: what is wrong is said once, with its place, whatever else is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foundation.workspace import Workspace
from tests.support.command_line import mirante
from tests.support.web_shop import BOARD, HELPER, web_shop


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return web_shop(tmp_path / "shop")


def edit(file: Path, old: str, new: str) -> Path:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def test_a_mistake_in_a_board_is_an_error_with_file_and_line_and_without_a_trace(shop: Workspace) -> None:
    file = edit(shop.boards / "orders.py", "(waiting(source),)", "(waiting(sauce),)")
    line = 1 + next(n for n, text in enumerate(file.read_text("utf-8").splitlines()) if "sauce" in text)
    for words in (["check"], ["build", "--out", shop.root / "out"]):
        ran = mirante("--workspace", shop.root, *words)
        assert ran.status == 1
        said = ran.out + ran.err
        assert f"{file}:{line}: " in said
        assert "raised NameError: name 'sauce' is not defined" in said
        assert "Traceback" not in said
    assert not (shop.root / "out").exists()


def test_every_broken_part_is_named_at_once(shop: Workspace) -> None:
    edit(shop.definitions / "shop.yaml", "target: 0.99}", "target: 9.9}")
    edit(shop.alarms / "policy.yaml", "clock: always", "clock: sometimes")
    edit(shop.alarms / "indicators.yaml", "measure: highest", "measure: tallest")
    edit(shop.boards / "orders.py", "def board(", "def bord(")
    for words in (["check"], ["build", "--out", shop.root / "out"]):
        ran = mirante("--workspace", shop.root, *words)
        assert ran.status == 1
        for name in ("shop.yaml", "policy.yaml", "indicators.yaml", "orders.py"):
            assert name in ran.out + ran.err, words


def test_what_was_executed_is_told_and_nothing_of_the_shipped_workspace_is(shop: Workspace) -> None:
    document = json.loads(mirante("--workspace", shop.root, "check", "--json").out)
    assert document["sound"]
    assert document["executed"] == [str(shop.boards / "orders.py")]
    assert "credit policies" not in document["counts"]
    shipped = json.loads(mirante("check", "--json").out)
    assert shipped["executed"] == []
    assert shipped["counts"]["credit policies"] == 1


def test_the_gates_look_at_its_boards_and_do_not_ask_what_its_services_expose(shop: Workspace) -> None:
    (shop.boards / "_orders.py").write_text(HELPER.replace('"orders-waiting",\n    )', '"nowhere",\n    )'))
    lost = BOARD.replace('runbooks=("orders-waiting",)', 'runbooks=("elsewhere",)')
    (shop.boards / "orders.py").write_text(lost, encoding="utf-8")
    found = json.loads(mirante("--workspace", shop.root, "check", "--json").out)["findings"]
    assert {finding["rule"] for finding in found} == {"links"}
    assert sorted(finding["reason"] for finding in found)[0].startswith("there is no runbook 'elsewhere'")
    assert any("'nowhere'" in finding["reason"] for finding in found)


def test_a_line_that_is_not_where_the_alarm_stands_is_found(shop: Workspace) -> None:
    moved = HELPER.replace('source.line("OrdersWaiting")', 'source.line("ComponentSaturationHigh")')
    (shop.boards / "_orders.py").write_text(moved, encoding="utf-8")
    ran = mirante("--workspace", shop.root, "check")
    assert ran.status == 1
    assert "no line marks where OrdersWaiting fires" in ran.out


def test_a_runbook_that_an_indicator_points_to_must_exist(shop: Workspace) -> None:
    (shop.alarms / "runbooks" / "orders-waiting.md").unlink()
    ran = mirante("--workspace", shop.root, "check")
    assert "OrdersWaiting points to the runbook 'orders-waiting', which does not exist" in ran.out


def test_windows_of_its_own_add_to_those_that_ship(shop: Workspace) -> None:
    windows = "name: one-page\nperiod: 30d\ntiers:\n"
    windows += "  - {name: page, budget_share: 2%, long: 1h, short: 5m, severity: P1}\n"
    shop.windows.mkdir()
    (shop.windows / "one-page.yaml").write_text(windows, encoding="utf-8")
    old = "metadata: {name: search, displayName: Searches answer at once}"
    new = "metadata: {name: search, displayName: Search, annotations: {mirante.dev/windows: one-page}}"
    edit(shop.definitions / "shop.yaml", old, new)
    counts = json.loads(mirante("--workspace", shop.root, "check", "--json").out)["counts"]
    assert counts["window sets"] == 2
    mirante("--workspace", shop.root, "build", "--out", shop.root / "out")
    rules = (shop.root / "out" / "prometheus" / "shop-search.rules.yaml").read_text(encoding="utf-8")
    assert rules.count("alert: ShopSearchBurn") == 1
    broken = shop.windows / "broken.yaml"
    broken.write_text(windows.replace("long: 1h", "long: soon"), encoding="utf-8")
    assert str(broken) in mirante("--workspace", shop.root, "check").out
