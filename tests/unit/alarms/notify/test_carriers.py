"""Notifiers that are changed while messages are on their way."""

from __future__ import annotations

from alarms.notify.carriers import Carriers


def test_those_that_are_in_use_are_closed_only_when_nobody_uses_them_any_more() -> None:
    closed: list[str] = []
    carriers = Carriers({"default": "old"}, lambda: closed.append("old"))
    with carriers.in_use() as first, carriers.in_use():
        carriers.change({"default": "new"}, lambda: closed.append("new"))
        assert first["default"] == "old"
        with carriers.in_use() as later:
            assert later["default"] == "new"
        assert closed == []
    assert closed == ["old"]
    with carriers.in_use() as now:
        assert now["default"] == "new"
    carriers.close()
    assert closed == ["old", "new"]


def test_those_that_nobody_uses_are_closed_at_once() -> None:
    closed: list[str] = []
    carriers = Carriers({"default": "old"}, lambda: closed.append("old"))
    carriers.change({}, lambda: None)
    assert closed == ["old"]
